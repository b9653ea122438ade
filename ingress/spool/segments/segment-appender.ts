import { dirname, join } from 'node:path';
import { DiskHealth } from '../disk-health.js';
import { GroupCommit } from './group-commit.js';
import { newSegment, type Segment } from './segment.js';
import { nextSegmentName, segmentFileName, SEGMENT_HEADER_BYTES } from '../../../infra/spool/segment-files.js';
import type { SegmentList } from './segment-list.js';
import { AppendDeadline } from './append-deadline.js';
import { FRAME_HEAD_BYTES } from '../../../infra/spool/frames.js';
import { framedBytes, SegmentWriter } from './segment-writer.js';
import { failureOf } from '../spool-failure.js';
import type { AppendOutcome, SpoolOptions } from '../spool-options.js';

const MAX_SEGMENT_BYTES = 4 * 1024 * 1024;
const MAX_GROUP_BYTES = 4 * 1024 * 1024;
/** Default time limit of an append. */
const SLOW_AFTER_MS = 5_000;

/** Writes payloads to the newest segment, one group at a time. Begins a new segment when the current one is full or suspect. */
export class SegmentAppender {
  private current: { readonly segment: Segment; readonly writer: SegmentWriter } | undefined;
  private readonly group: GroupCommit<Buffer, AppendOutcome>;
  private readonly disk: DiskHealth;
  private isFull = false;
  private hasFolder = false;
  private isLost = false;
  private readonly deadline: AppendDeadline;

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
    const { fs, dir, logger, clock } = options;
    this.deadline = new AppendDeadline(options.slowAfterMs ?? SLOW_AFTER_MS, clock, () => {
      logger.error({ dir }, 'spool unavailable: disk does not respond, refusing records until it does');
    });
    this.disk = new DiskHealth({ fs, dir, logger, clock, onRecovered: onChange });
  }

  /** Number of appends in progress. */
  get pending(): number {
    return this.group.pending;
  }

  /** Whether the next append is likely to succeed. */
  get isWritable(): boolean {
    if (this.isLost || this.options.budget.isSpent) return false;
    return this.disk.isHealthy && !this.isFull && !this.deadline.isSlow;
  }

  append(payload: Buffer, mayExceedBudget = false): Promise<AppendOutcome> {
    if (this.isLost) return Promise.resolve({ kind: 'failed', failure: 'closed' });
    // Payloads that have timed out stay in memory until the disk responds, so no more are accepted.
    if (this.deadline.isSlow) return Promise.resolve({ kind: 'failed', failure: 'slow' });
    const bytes = FRAME_HEAD_BYTES + payload.length;
    if (mayExceedBudget) this.options.budget.count(bytes);
    else if (!this.options.budget.tryReserve(bytes)) {
      this.isFull = true;
      return Promise.resolve({ kind: 'failed', failure: 'full' });
    }
    return this.deadline.limit(this.group.add(payload));
  }

  /** Removes drained segments, including the current one if no append is in progress. */
  removeDrained(): void {
    if (this.pending === 0 && this.current?.segment.drainedOffset === this.current?.segment.bytes) this.retire();
    const before = this.options.budget.usedBytes;
    this.list.removeDrained(this.current?.segment);
    if (this.options.budget.usedBytes < before) this.isFull = false;
  }

  /** Call it when nothing is pending. */
  async close(): Promise<void> {
    this.disk.stop();
    this.deadline.clear();
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
      if (this.options.isOwned?.() === false) return this.lose(bytes);
      if (segment.records === 0) segment.oldestAt = this.options.clock.now();
      segment.records += payloads.length;
      segment.bytes = writer.bytes;
      segment.budgetBytes += bytes;
      this.isFull = false;
      this.disk.succeeded();
      return { kind: 'durable' };
    } catch (error) {
      this.options.budget.release(bytes);
      if (this.current?.writer.isSuspect === true) this.retire();
      this.disk.failed(error);
      return { kind: 'failed', failure: failureOf(error) };
    } finally {
      this.deadline.diskResponded();
      // A turn later, so that those who wait know the result.
      setImmediate(this.onChange);
    }
  }

  /** Another process may have read this segment already: what was just appended would never be drained. */
  private lose(bytes: number): AppendOutcome {
    const { budget, logger, dir } = this.options;
    budget.release(bytes);
    if (!this.isLost) {
      logger.error(
        { dir },
        'spool unavailable: another process took its folder over while this one was paused; restart this one to give it a new folder',
      );
    }
    this.isLost = true;
    return { kind: 'failed', failure: 'closed' };
  }

  private async segmentFor(bytes: number): Promise<{ segment: Segment; writer: SegmentWriter }> {
    const { fs, dir, budget, segmentBytes = MAX_SEGMENT_BYTES } = this.options;
    const filled = this.current?.writer.bytes ?? 0;
    // Behind an adopted segment a new one begins, so that everything appended is read after it.
    const isNewest = this.current?.segment === this.list.all.at(-1);
    if (filled > 0 && (filled + bytes > segmentBytes || !isNewest)) this.retire();
    if (this.current === undefined) {
      if (this.options.isLazy === true && !this.hasFolder) await this.createFolder();
      const lastId = this.list.all.at(-1)?.name.id ?? 0;
      const name = nextSegmentName(lastId, this.options.clock.now());
      const writer = await SegmentWriter.create(fs, dir, name);
      const segment = { ...newSegment(name), budgetBytes: SEGMENT_HEADER_BYTES };
      budget.count(SEGMENT_HEADER_BYTES);
      this.list.insert(segment);
      this.current = { segment, writer };
    }
    return this.current;
  }

  private async createFolder(): Promise<void> {
    const { fs, dir } = this.options;
    await fs.makeDir(dir);
    await fs.syncDir(dirname(dir));
    this.hasFolder = true;
  }

  /** Closes the current segment for appends. */
  private retire(): void {
    const { current } = this;
    this.current = undefined;
    current?.writer.close().catch((err: unknown) => {
      const { dir, logger } = this.options;
      logger.warn({ err, file: join(dir, segmentFileName(current.segment.name)) }, 'could not close a spool file');
    });
  }
}
