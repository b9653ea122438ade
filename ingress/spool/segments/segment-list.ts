import { join } from 'node:path';
import type { SpooledRecord } from '../../../infra/spool/record-codec.js';
import { isDrained, type Segment } from './segment.js';
import { segmentFileName } from '../../../infra/spool/segment-files.js';
import { SegmentReader } from './segment-reader.js';
import type { SpoolOptions } from '../spool-options.js';

/** Consecutive records of a segment, in the order of arrival, up to the offset `end`. */
export type Slice = {
  readonly segment: Segment;
  readonly records: readonly SpooledRecord[];
  readonly end: number;
};

/** The segments of a spool, oldest first. Reads their records and removes drained files. */
export class SegmentList {
  private reader: { readonly segment: Segment; readonly reader: SegmentReader } | undefined;
  private removals: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: Pick<SpoolOptions, 'fs' | 'dir' | 'budget' | 'logger' | 'clock'>,
    private readonly segments: Segment[],
  ) {
    for (const { budgetBytes } of segments) options.budget.count(budgetBytes);
  }

  get all(): readonly Segment[] {
    return this.segments;
  }

  get isReadable(): boolean {
    return this.segments.some(({ readOffset, bytes }) => readOffset < bytes);
  }

  /** Adds a segment whose bytes the budget already counts. */
  insert(segment: Segment): void {
    const behind = this.segments.findIndex(({ name }) => name.id > segment.name.id);
    this.segments.splice(behind === -1 ? this.segments.length : behind, 0, segment);
  }

  /**
   * The next records; `undefined` if all have been read. One call at a time.
   * @throws Error of the file system: try again later.
   */
  async read(): Promise<Slice | undefined> {
    const segment = this.segments.find(({ readOffset, bytes }) => readOffset < bytes);
    if (segment === undefined) return undefined;
    const { fs, dir, logger } = this.options;
    if (this.reader?.segment !== segment) {
      await this.closeReader();
      this.reader = { segment, reader: await SegmentReader.open(fs, dir, segment) };
    }
    const slice = await this.reader.reader.read(segment.readOffset);
    if (slice === undefined) return undefined;
    if (slice.damages.length > 0 && segment.keepAs === undefined) {
      segment.keepAs = 'damaged';
      logger.error(
        { file: this.pathOf(segment), damages: slice.damages },
        'spool file damaged while in use: records are lost, the file will be kept aside when the others are delivered',
      );
    }
    segment.readOffset = slice.end;
    return { segment, records: slice.records, end: slice.end };
  }

  drained({ segment, records, end }: Slice): void {
    segment.drainedOffset = end;
    segment.records -= records.length;
    segment.oldestAt = records.at(-1)?.spooledAt ?? segment.oldestAt;
  }

  /** Removes the files of drained segments, except the one being written. */
  removeDrained(writing: Segment | undefined): void {
    for (const segment of this.segments.filter((one) => one !== writing && isDrained(one))) {
      this.segments.splice(this.segments.indexOf(segment), 1);
      this.options.budget.release(segment.budgetBytes);
      this.removals = Promise.all([this.removals, this.remove(segment)]);
    }
  }

  /** Resolves once no file is open and the files of drained segments are gone. */
  async close(): Promise<void> {
    await this.removals;
    await this.closeReader();
  }

  pathOf({ name }: Segment): string {
    return join(this.options.dir, segmentFileName(name));
  }

  /** Deletes the file, or renames it if it contains damage or an undeliverable record: those bytes exist nowhere else. */
  private async remove(segment: Segment): Promise<void> {
    const { fs, logger, clock } = this.options;
    const file = this.pathOf(segment);
    try {
      if (this.reader?.segment === segment) await this.closeReader();
      if (segment.keepAs === undefined) await fs.remove(file);
      else await fs.rename(file, `${file}.${segment.keepAs}-${clock.now()}`);
    } catch (err) {
      logger.error(
        { err, file },
        'could not remove a drained spool file, it will be drained again after the next start',
      );
    }
  }

  private async closeReader(): Promise<void> {
    const { reader } = this;
    this.reader = undefined;
    await reader?.reader.close();
  }
}
