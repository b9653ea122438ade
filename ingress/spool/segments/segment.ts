import type { SegmentName } from '../../../infra/spool/segment-files.js';

/** The state of a segment file. */
export type Segment = {
  readonly name: SegmentName;
  /** End of the records: the durable size, or the size of a file found at the start. */
  bytes: number;
  /** Share of the budget. */
  budgetBytes: number;
  /** Reads have returned everything before this offset. */
  readOffset: number;
  /** Everything before this offset is drained. */
  drainedOffset: number;
  /** Number of records that are not drained, as far as they have been counted. */
  records: number;
  /** Arrival of the oldest of them, in milliseconds since the epoch. */
  oldestAt: number;
  /** Why the drained file is renamed and kept, not deleted. */
  keepAs: 'damaged' | 'refused' | undefined;
};

export function newSegment(name: SegmentName): Segment {
  return {
    name,
    bytes: 0,
    budgetBytes: 0,
    readOffset: 0,
    drainedOffset: 0,
    records: 0,
    oldestAt: name.id,
    keepAs: undefined,
  };
}

/** Whether the segment has no records left to drain. */
export function isDrained({ drainedOffset, bytes }: Segment): boolean {
  return drainedOffset >= bytes;
}
