import { Wakeup } from '../../infra/async/wakeup.js';
import type { IncomingRecord } from '../record.js';
import { encodeRecord } from '../../infra/spool/record-codec.js';
import { findSegments, scanSegment } from './segments/recovery.js';
import { SegmentAppender } from './segments/segment-appender.js';
import { SegmentList, type Slice } from './segments/segment-list.js';
import { isDrained, type Segment } from './segments/segment.js';
import type { AppendOutcome, SpoolOptions } from './spool-options.js';

/**
 * A queue on disk: first in, first out, in append-only segment files.
 *
 * A record is durable once its append says so, and stays until the slice that contains it is `drained`. Records left by a crash are
 * read after the next start. A record may therefore be read twice, but is never lost.
 */
export class Spool {
  private readonly appender: SegmentAppender;
  private readonly wakeup = new Wakeup();
  private readonly found: readonly Segment[];
  private isScanned = false;
  /** Called after each append, drain, failure or recovery. */
  onChange: () => void = () => undefined;

  private constructor(
    private readonly options: SpoolOptions,
    private readonly list: SegmentList,
  ) {
    this.found = [...list.all];
    this.appender = new SegmentAppender(options, list, () => this.changed());
  }

  /**
   * Finds the segments that an earlier run left, without reading them.
   * @throws NewerSpoolError: do not start. Error of the file system: try again later.
   */
  static async open(options: SpoolOptions): Promise<Spool> {
    await options.fs.makeDir(options.dir);
    return new Spool(options, new SegmentList(options, await findSegments(options.fs, options.dir)));
  }

  /** A spool whose folder holds no segments yet. Touches the disk at the first append only. */
  static empty(options: SpoolOptions): Spool {
    const spool = new Spool({ ...options, isLazy: true }, new SegmentList(options, []));
    spool.isScanned = true;
    return spool;
  }

  /**
   * Counts the records that an earlier run left and logs damage. Call it once, before the first read.
   * Returns the number of damaged stretches.
   * @throws Error of the file system: try again later.
   */
  async scan(): Promise<number> {
    let damages = 0;
    for (const segment of this.found) {
      damages += (await scanSegment(this.options.fs, this.options.dir, segment, this.options.logger)).length;
    }
    this.isScanned = true;
    return damages;
  }

  get dir(): string {
    return this.options.dir;
  }

  /** Whether every record is drained and no append is in progress. */
  get isEmpty(): boolean {
    return this.appender.pending === 0 && this.list.all.every(isDrained);
  }

  /** Whether the next append is likely to succeed. */
  get isWritable(): boolean {
    return this.appender.isWritable;
  }

  /** Size of the files. */
  get bytes(): number {
    return this.list.all.reduce((sum, { budgetBytes }) => sum + budgetBytes, 0);
  }

  /** Number of durable records that are not drained; `undefined` until {@link scan} has counted those of an earlier run. */
  get records(): number | undefined {
    return this.isScanned ? this.countedRecords : undefined;
  }

  /** {@link records}, or those counted so far. */
  get countedRecords(): number {
    return this.list.all.reduce((sum, { records }) => sum + records, 0);
  }

  /** Arrival of the oldest record, in milliseconds since the epoch; `undefined` if there is none. */
  get oldestAt(): number | undefined {
    return this.list.all.find((segment) => !isDrained(segment))?.oldestAt;
  }

  /**
   * Settles once the record is durable or cannot be made durable; never rejects. Reads return records in the order of these calls.
   * @param isMoved the record comes from another spool, which frees its bytes soon: it may exceed the budget.
   */
  append(record: IncomingRecord, isMoved = false): Promise<AppendOutcome> {
    return this.appender.append(encodeRecord({ record, spooledAt: this.options.clock.now() }), isMoved);
  }

  /** The next records; `undefined` if there are none. One call at a time. @throws Error of the file system: try again later. */
  read(): Promise<Slice | undefined> {
    return this.list.read();
  }

  /** Resolves when there may be something to read. */
  whenReadable(): Promise<void> {
    return this.list.isReadable ? Promise.resolve() : this.wakeup.wait();
  }

  /** Marks a slice as delivered, or its segment as to be kept. Call it in the order of the reads. */
  drained(slice: Slice): void {
    this.list.drained(slice);
    this.changed();
  }

  /** Takes over an unused segment of another folder. @throws Error of the file system: try again later. */
  async adopt(path: string, found: Segment): Promise<void> {
    const { fs, dir, budget } = this.options;
    // The salt makes the name unique.
    const segment = { ...found };
    await fs.rename(path, this.list.pathOf(segment));
    await fs.syncDir(dir);
    budget.count(segment.budgetBytes);
    this.list.insert(segment);
    this.changed();
  }

  /** Waits for appends in progress. Records that are not drained stay for the next start. */
  async close(): Promise<void> {
    while (this.appender.pending > 0) await this.wakeup.wait();
    await this.appender.close();
    await this.list.close();
  }

  private changed(): void {
    this.appender.removeDrained();
    this.wakeup.notify();
    this.onChange();
  }
}
