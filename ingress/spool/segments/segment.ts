import type { SegmentName } from './segment-files.js';

/** What is known of a segment file. */
export type Segment = {
  readonly name: SegmentName;
  /** Where records end: what is durable, or the size of a file that was found. */
  bytes: number;
  /** What it takes of the budget. */
  budgetBytes: number;
  /** Everything before it has been handed out by a read. */
  readOffset: number;
  /** Everything before it is in Kafka. */
  drainedOffset: number;
  /** Records that are not in Kafka, as far as they have been counted. */
  records: number;
  /** When the oldest of them came in: milliseconds since 1970. */
  oldestAt: number;
  /** Why the file is set aside, and not deleted, once it is drained. */
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

/** All records are in Kafka, or there are none. */
export function isDrained({ drainedOffset, bytes }: Segment): boolean {
  return drainedOffset >= bytes;
}
