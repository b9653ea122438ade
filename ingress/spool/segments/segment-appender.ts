import { Deadlines } from '../../../infra/async/deadlines.js';
import { DiskHealth } from '../disk-health.js';
import { GroupCommit } from './group-commit.js';
import { newSegment, type Segment } from './segment.js';
import { nextSegmentName, SEGMENT_HEADER_BYTES } from './segment-files.js';
import type { SegmentList } from './segment-list.js';
import { FRAME_HEAD_BYTES } from './frames.js';
import { framedBytes, SegmentWriter } from './segment-writer.js';
import type { AppendOutcome, SpoolOptions } from '../spool.js';
import { failureOf } from '../spool-failure.js';

const SEGMENT_BYTES = 4 * 1024 * 1024;
const MAX_GROUP_BYTES = 4 * 1024 * 1024;
/** A disk that hangs does not fail: the sender must hear it all the same. */
const SLOW_AFTER_MS = 5_000;

/** Writes payloads in groups, one group at a time, to the newest segment, and begins the next one when that is full or in doubt. */
export class SegmentAppender {
  private current: { readonly segment: Segment; readonly writer: SegmentWriter } | undefined;
  private readonly group: GroupCommit<Buffer, AppendOutcome>;
  private readonly disk: DiskHealth;
  private isFull = false;
  /** An append has waited too long, and no commit has ended since. */
  private isSlow = false;
  private readonly deadlines: Deadlines;

  constructor(
    private readonly options: SpoolOptions,
    private readonly list: SegmentList,
    private readonly onChange: () => void,
  ) {
    this.group = new GroupCommit(
      (payloads) => this.commit(payloads),
      MAX_GROUP_BYTES,
      ({ length }) => length,
    );
    this.deadlines = new Deadlines(options.slowAfterMs ?? SLOW_AFTER_MS);
    this.disk = new DiskHealth(options.fs, options.dir, options.logger, onChange);
  }

  /** Appends that have not settled. */
  get pending(): number {
    return this.group.pending;
  }

  /** Whether the next append is likely to succeed. */
  get isWritable(): boolean {
    return this.disk.isWell && !this.isFull && !this.isSlow && !this.options.budget.isSpent;
  }

  append(payload: Buffer): Promise<AppendOutcome> {
    // What is given up stays in memory until the disk answers: there must not be ever more of it.
    if (this.isSlow) return Promise.resolve({ kind: 'failed', failure: 'slow' });
    if (!this.options.budget.tryTake(FRAME_HEAD_BYTES + payload.length)) {
      this.isFull = true;
      return Promise.resolve({ kind: 'failed', failure: 'full' });
    }
    return this.inTime(this.group.add(payload));
  }

  /** Removes what is drained; the newest segment too, unless more is about to be written to it. */
  removeDrained(): void {
    if (this.pending === 0 && this.current?.segment.drainedOffset === this.current?.segment.bytes) this.retire();
    const before = this.options.budget.usedBytes;
    this.list.removeDrained(this.current?.segment);
    if (this.options.budget.usedBytes < before) this.isFull = false;
  }

  /** Call it when nothing is pending. */
  async close(): Promise<void> {
    this.disk.stop();
    this.deadlines.clear();
    const { current } = this;
    this.current = undefined;
    await current?.writer.close();
    this.list.removeDrained(undefined);
  }

  private async commit(payloads: readonly Buffer[]): Promise<AppendOutcome> {
    const bytes = framedBytes(payloads);
    try {
      const { segment, writer } = await this.segmentFor(bytes);
      await writer.append(payloads);
      if (segment.records === 0) segment.oldestAt = this.now();
      segment.records += payloads.length;
      segment.bytes = writer.bytes;
      segment.budgetBytes += bytes;
      this.isFull = false;
      this.disk.succeeded();
      return { kind: 'durable' };
    } catch (error) {
      this.options.budget.giveBack(bytes);
      if (this.current?.writer.isSuspect === true) this.retire();
      this.disk.failed(error);
      return { kind: 'failed', failure: failureOf(error) };
    } finally {
      this.isSlow = false;
      // By then those who wait know the result.
      setImmediate(this.onChange);
    }
  }

  /** What is given up may be durable later all the same. */
  private inTime(committing: Promise<AppendOutcome>): Promise<AppendOutcome> {
    return new Promise((settle) => {
      const deadline = this.deadlines.set(() => {
        if (!this.isSlow) this.options.logger.error({ dir: this.options.dir }, 'the disk of the spool does not answer');
        this.isSlow = true;
        settle({ kind: 'failed', failure: 'slow' });
      });
      void committing.then((outcome) => {
        this.deadlines.cancel(deadline);
        settle(outcome);
      });
    });
  }

  private async segmentFor(bytes: number): Promise<{ segment: Segment; writer: SegmentWriter }> {
    const { fs, dir, budget, segmentBytes = SEGMENT_BYTES } = this.options;
    const filled = this.current?.writer.bytes ?? 0;
    if (filled > 0 && filled + bytes > segmentBytes) this.retire();
    if (this.current === undefined) {
      const lastId = this.list.all.at(-1)?.name.id ?? 0;
      const name = nextSegmentName(lastId, this.now());
      const writer = await SegmentWriter.create(fs, dir, name);
      const segment = { ...newSegment(name), budgetBytes: SEGMENT_HEADER_BYTES };
      budget.count(SEGMENT_HEADER_BYTES);
      this.list.insert(segment);
      this.current = { segment, writer };
    }
    return this.current;
  }

  /** Nothing more is appended to the present segment. */
  private retire(): void {
    const { current } = this;
    this.current = undefined;
    current?.writer.close().catch((err: unknown) => {
      this.options.logger.warn({ err }, 'a segment of the spool did not close');
    });
  }

  private now(): number {
    return (this.options.clock ?? Date.now)();
  }
}
