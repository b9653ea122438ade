import type { Clock } from '../../../infra/async/clock.js';
import type { InputRecord } from '../../../infra/kafka/consume/group-consumer.js';
import type { TopicNames } from '../../../schemas/topics.js';
import { SessionStore } from '../state/session-store.js';
import { PartitionClock } from './partition-clock.js';
import { RecordJoiner, type RecordJoinerDeps } from './record-joiner.js';
import type { RestoreProgress } from './restore-progress.js';
import { TaskError } from './task-error.js';

export type StreamTaskDeps = RecordJoinerDeps & {
  readonly topics: Pick<TopicNames, 'changelog'>;
  readonly restoreProgress?: RestoreProgress;
  readonly clock: Clock;
};

/** Decoded sessions kept until commit. Beyond this, garbage collection costs more than a larger transaction saves. */
const MAX_DECODED_SESSIONS = 3_500;

/** The end of a partition, read when the broker's clock showed at least `asOf`. */
export type PartitionEnd = { readonly endOffset: number; readonly asOf: number };

/**
 * The join of one input partition. It runs transitions in memory and commits changed states, outputs and its input position in one
 * transaction: after a crash at any point, either all of it has happened or none of it.
 *
 * Calls must not overlap (see {@link Mutex}). After any error the task is spoilt, because its memory may be ahead of the log:
 * close it and open a new one.
 */
export class StreamTask {
  private readonly sessions: SessionStore;
  private readonly joiner: RecordJoiner;
  private readonly brokerClock: PartitionClock;
  /** The next offset to process. */
  private position: number | undefined;
  private committedPosition: number | undefined;
  private recordOffset: number | undefined;
  /** When the first record was processed that is not committed yet. */
  private deferredAt: number | undefined;
  private restored = 0;

  constructor(
    readonly partition: number,
    private readonly deps: StreamTaskDeps,
  ) {
    this.sessions = new SessionStore(deps.rules);
    this.joiner = new RecordJoiner(partition, this.sessions, deps);
    this.brokerClock = new PartitionClock(deps.clock);
  }

  /** Takes over the partition and rebuilds its state. The order matters: see {@link PartitionLog}. */
  async open(): Promise<void> {
    const { log } = this.deps;
    this.brokerClock.sample((await log.fence()).appendedAt);
    await this.restore();
    this.position = await log.committedOffset();
    this.committedPosition = this.position;
  }

  /**
   * Processes records, and commits unless more records follow and the transaction has room for them. Skips records below the position:
   * this task or an earlier owner has processed them already, and the consumer may have started from an older offset.
   *
   * @param nextOffset where reading continues, after the last record and any control records behind it.
   * @param isBehind whether the partition is known to hold more.
   */
  async process(records: readonly InputRecord[], nextOffset: number, isBehind = false): Promise<void> {
    const position = this.position ?? 0;
    if (nextOffset <= position) return;
    const fresh = records.filter((record) => record.offset >= position);
    for (const record of fresh) {
      this.recordOffset = record.offset;
      while (this.joiner.fireTimersBefore(record.timestamp)) await this.commitUpTo(record.offset);
      this.joiner.pending.noteRecord();
      this.joiner.join(record);
    }
    this.recordOffset = undefined;
    this.position = nextOffset;
    const hasRoom = !this.joiner.pending.isFull && this.sessions.decodedSessions < MAX_DECODED_SESSIONS;
    if (isBehind && hasRoom) this.deferredAt ??= this.deps.clock.monotonic();
    else await this.commit();
  }

  /** How long processed records have been waiting for their commit, ms; `undefined` when none waits. */
  get deferredMs(): number | undefined {
    return this.deferredAt === undefined ? undefined : this.deps.clock.monotonic() - this.deferredAt;
  }

  /**
   * Fires the timers of an idle partition. Does nothing unless the task has processed everything up to the partition's end: otherwise
   * the records on their way bring the time with them.
   *
   * @returns whether due timers remain.
   */
  async punctuate(end: PartitionEnd): Promise<boolean> {
    if ((this.position ?? 0) < end.endOffset) return false;
    const remain = this.joiner.fireTimersBefore(end.asOf);
    if (this.joiner.pending.hasTimers) await this.commit();
    return remain;
  }

  /**
   * Commits everything that was processed since the last commit. Without anything to commit, it commits the owner's own record.
   * @throws FencedError when another owner has had the partition since.
   */
  async commit(): Promise<void> {
    const { log, metrics, clock } = this.deps;
    const { position } = this;
    const { events, written, causes } = this.joiner.drainPending();
    const changelog = this.sessions.drainChanges();
    const hasRead = position !== undefined && position !== this.committedPosition;
    this.deferredAt = undefined;
    const startedAt = clock.monotonic();
    const { appendedAt } = await log.commit({ changelog, ...(hasRead && { nextOffset: position }) });
    const tookMs = clock.monotonic() - startedAt;
    this.brokerClock.sample(appendedAt);
    this.committedPosition = position;
    metrics.commitSeconds.observe(tookMs / 1_000);
    // Records were appended at some moment of the transaction. Adding its whole duration makes each latency an upper bound.
    const latencies =
      appendedAt === undefined ? [] : causes.map((cause) => Math.max(0, appendedAt - cause + tookMs) / 1_000);
    metrics.noteCommitted({ events, written, latencies });
  }

  /** The next offset to process; unknown until the first batch when no offset was ever committed. */
  get nextOffset(): number | undefined {
    return this.position;
  }

  /** Offset of the record that is being processed, else the next one: the place to name when a call fails. */
  get currentOffset(): number | undefined {
    return this.recordOffset ?? this.position;
  }

  /** When the next timer may be due, in log time. */
  nextDueAt(): number | undefined {
    return this.sessions.nextDueAt();
  }

  /** A lower bound of the broker's clock, accurate to a few milliseconds. Commits to get a new sample when the last is too old. */
  async brokerNow(maxAgeMs: number): Promise<number> {
    if (this.brokerClock.ageMs() > maxAgeMs) await this.commit();
    return this.brokerClock.now() ?? 0;
  }

  /** Sessions by phase. */
  get counts(): SessionStore['counts'] {
    return this.sessions.counts;
  }

  /** Number of changelog records read so far. Grows while the task opens. */
  get restoredRecords(): number {
    return this.restored;
  }

  /** Age of the last processed record by the broker's clock, ms; `undefined` before the first record. */
  get lastRecordAgeMs(): number | undefined {
    const now = this.brokerClock.now();
    const { lastTimestamp } = this.joiner;
    return now === undefined || lastTimestamp === undefined ? undefined : now - lastTimestamp;
  }

  async close(): Promise<void> {
    await this.deps.log.close();
  }

  private async commitUpTo(offset: number): Promise<void> {
    this.position = offset;
    await this.commit();
  }

  private async restore(): Promise<void> {
    const { log, topics, restoreProgress } = this.deps;
    let isRestored = false;
    restoreProgress?.begin();
    try {
      await log.restore((record, offset) => {
        try {
          this.sessions.restore(record);
        } catch (error) {
          throw new TaskError(topics.changelog, this.partition, offset, error);
        }
        this.restored += 1;
        restoreProgress?.noteRecord();
      });
      isRestored = true;
    } finally {
      restoreProgress?.end(isRestored);
    }
  }
}
