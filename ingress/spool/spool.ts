import type { Logger } from '../../infra/observability/logger.js';
import type { IncomingRecord } from '../delivery/event-sink.js';
import type { SpoolFs } from './file-system.js';
import { encodeRecord } from './segments/record-codec.js';
import { findSegments, scanSegment } from './segments/recovery.js';
import { SegmentAppender } from './segments/segment-appender.js';
import { isDrained, type Segment } from './segments/segment.js';
import { SegmentList, type Slice } from './segments/segment-list.js';
import type { SpoolBudget } from './spool-budget.js';
import type { SpoolFailure } from './spool-failure.js';

export type SpoolOptions = {
  readonly fs: SpoolFs;
  /** Nobody else may use it. It is made if it is missing. */
  readonly dir: string;
  readonly budget: SpoolBudget;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** A segment is closed at this size. Default 4 MiB: after a crash no more than that is drained twice. */
  readonly segmentBytes?: number;
  /** An append that takes longer fails. Default 5,000. */
  readonly slowAfterMs?: number;
};

export type AppendOutcome =
  /** It survives a loss of power, and comes out of a later read, or of one after the next start. */
  | { readonly kind: 'durable' }
  /** It may come out after the next start all the same. */
  | { readonly kind: 'failed'; readonly failure: SpoolFailure };

/**
 * A queue on disk: first in, first out, in append-only segment files.
 *
 * A record is durable once its append says so, and stays until the slice it was read with is `drained`. What a crash leaves is read
 * after the next start, so a record may come out twice, never not at all.
 */
export class Spool {
  private readonly appender: SegmentAppender;
  private readonly waiting: (() => void)[] = [];
  private readonly found: readonly Segment[];
  private isScanned = false;
  /** Called when anything was appended, drained, or failed. */
  onChange: () => void = () => undefined;

  private constructor(
    private readonly options: SpoolOptions,
    private readonly list: SegmentList,
  ) {
    this.found = [...list.all];
    this.appender = new SegmentAppender(options, list, () => this.changed());
  }

  /**
   * Finds what an earlier run left, without reading it.
   * @throws NewerSpoolError: do not start. Error of the file system: try again later.
   */
  static async open(options: SpoolOptions): Promise<Spool> {
    await options.fs.makeDir(options.dir);
    return new Spool(options, new SegmentList(options, await findSegments(options.fs, options.dir)));
  }

  /**
   * Counts the records that an earlier run left, and tells where they are damaged. Call it once, before the first read.
   * @returns the number of damages. @throws Error of the file system: try again later.
   */
  async scan(): Promise<number> {
    let damages = 0;
    for (const segment of this.found) {
      damages += (await scanSegment(this.options.fs, this.options.dir, segment, this.options.logger)).length;
    }
    this.isScanned = true;
    return damages;
  }

  /** Nothing is left to drain, and no append is under way. */
  get isEmpty(): boolean {
    return this.appender.pending === 0 && this.list.all.every(isDrained);
  }

  /** Whether the next append is likely to succeed. */
  get isWritable(): boolean {
    return this.appender.isWritable;
  }

  /** Of the files. */
  get bytes(): number {
    return this.list.all.reduce((sum, { budgetBytes }) => sum + budgetBytes, 0);
  }

  /** Durable and not drained. `undefined` until those of an earlier run have been counted. */
  get records(): number | undefined {
    return this.isScanned ? this.list.all.reduce((sum, { records }) => sum + records, 0) : undefined;
  }

  /** When the oldest record came in: milliseconds since 1970; `undefined` while there is none. */
  get oldestAt(): number | undefined {
    return this.list.all.find((segment) => !isDrained(segment))?.oldestAt;
  }

  /** Settles once the record is durable or cannot be made so; never rejects. Reads give records in the order of these calls. */
  append(record: IncomingRecord): Promise<AppendOutcome> {
    return this.appender.append(encodeRecord({ record, spooledAt: (this.options.clock ?? Date.now)() }));
  }

  /** The next records; `undefined` when there are none. One call at a time. @throws Error of the file system: try again later. */
  read(): Promise<Slice | undefined> {
    return this.list.read();
  }

  /** Resolves when there may be something to read. */
  whenReadable(): Promise<void> {
    if (this.list.isReadable) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** The slice is in Kafka, or its segment marked to be kept. In the order of the reads. */
  drained(slice: Slice): void {
    this.list.drained(slice);
    this.changed();
  }

  /** Takes over a segment of another folder that nobody uses. @throws Error of the file system: try again later. */
  async adopt(path: string, found: Segment): Promise<void> {
    const { fs, dir, budget } = this.options;
    // Its salt makes its name one of its own.
    const segment = { ...found };
    await fs.rename(path, this.list.pathOf(segment));
    await fs.syncDir(dir);
    budget.count(segment.budgetBytes);
    this.list.insert(segment);
    this.changed();
  }

  /** Waits for appends under way. What is not drained stays for the next start. */
  async close(): Promise<void> {
    while (this.appender.pending > 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    await this.appender.close();
    await this.list.close();
  }

  private changed(): void {
    this.appender.removeDrained();
    for (const resolve of this.waiting.splice(0)) resolve();
    this.onChange();
  }
}
