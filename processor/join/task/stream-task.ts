import type { InputRecord } from '../../../infra/kafka/consume/group-consumer.js';
import type { SchemaFault } from '../../../schemas/validators.js';
import type { Transition } from '../rules/effects.js';
import type { JoinRules } from '../rules/rules.js';
import type { SessionState } from '../rules/state.js';
import { onEvent, onTimer } from '../rules/transition.js';
import { decodeRecord, schemaIdOf, type PoisonReason } from '../log/decode-record.js';
import type { JoinMetrics } from '../join-metrics.js';
import type { OutputEncoder } from '../log/output-encoder.js';
import { PartitionClock } from './partition-clock.js';
import type { OutputRecord, PartitionLog } from '../log/partition-log.js';
import { PendingTransaction } from './pending-transaction.js';
import type { RestoreProgress } from './restore-progress.js';
import type { SchemaIds } from '../log/schema-ids.js';
import { SessionStore } from '../state/session-store.js';
import { boundAfter, largestValue } from '../log/size-limit.js';

export type StreamTaskDeps = {
  readonly log: PartitionLog;
  readonly rules: JoinRules;
  readonly encoder: OutputEncoder;
  readonly schemaIds: SchemaIds;
  readonly metrics: JoinMetrics;
  readonly restoreProgress?: RestoreProgress;
  /** A clock that never goes back, in ms from any origin. */
  readonly monotonicMs: () => number;
};

/** Sessions whose states are objects until the commit: with more, a transaction wins less than they cost the garbage collector. */
const MOST_IN_HAND = 3_500;

/** What a look at the partition showed: its end, asked for when the broker's clock was at least `asOf`. */
export type PartitionEnd = { readonly endOffset: number; readonly asOf: number };

/**
 * The join of one input partition. It runs transitions in memory and commits what they changed, what they say and how far it read
 * in one transaction: after a crash anywhere, that has happened or it has not.
 *
 * Calls must not overlap (see {@link Mutex}). After any error the task is spoilt, since memory may be ahead of the log:
 * close it, and open a new one.
 */
export class StreamTask {
  private readonly store: SessionStore;
  private readonly clock: PartitionClock;
  /** What the next commit will tell. */
  private pending = new PendingTransaction();
  private position: number | undefined;
  /** The position that is committed. */
  private committed: number | undefined;
  /** When records were first processed that are not committed. */
  private deferredAt: number | undefined;
  private restored = 0;
  private processedUpTo: number | undefined;
  private readonly knowsSchema = (id: number): boolean => this.deps.schemaIds.knows(id);

  constructor(
    readonly partition: number,
    private readonly deps: StreamTaskDeps,
  ) {
    this.store = new SessionStore(deps.rules);
    this.clock = new PartitionClock(deps.monotonicMs);
  }

  /** Takes the partition over and rebuilds its state. The order matters: see {@link PartitionLog}. */
  async open(): Promise<void> {
    const { log } = this.deps;
    this.clock.sample((await log.fence()).appendedAt);
    await this.restore(log);
    this.position = await log.committedOffset();
    this.committed = this.position;
  }

  /**
   * Processes records and commits, unless more are on their way and the transaction has room for them. Records below the position were
   * processed before, by this task or an earlier owner, and are skipped: the consumer may have read its start from an offset that was not
   * the last.
   *
   * @param nextOffset where reading goes on, control records after the last record included.
   * @param isBehind whether the partition is known to hold more.
   */
  async process(records: readonly InputRecord[], nextOffset: number, isBehind = false): Promise<void> {
    const { schemaIds } = this.deps;
    const position = this.position ?? 0;
    if (nextOffset <= position) return;
    const fresh = records.filter((record) => record.offset >= position);
    for (const record of fresh) {
      while (this.fireTimersBefore(record.timestamp)) await this.commitUpTo(record.offset);
      this.pending.noteRecord();
      const schemaId = schemaIdOf(record);
      if (schemaId !== undefined && !schemaIds.hasMet(schemaId)) {
        // The registry may be away for long: what stands before the record does not wait for it.
        await this.commitUpTo(record.offset);
        await schemaIds.learn(schemaId);
      }
      this.join(record);
    }
    this.position = nextOffset;
    const hasRoom = !this.pending.isFull && this.store.inHand < MOST_IN_HAND;
    if (isBehind && hasRoom) this.deferredAt ??= this.deps.monotonicMs();
    else await this.commit();
  }

  /** Since when something that was processed waits for its commit, ms; `undefined` when nothing does. */
  get deferredMs(): number | undefined {
    return this.deferredAt === undefined ? undefined : this.deps.monotonicMs() - this.deferredAt;
  }

  /**
   * Fires the timers of a partition to which nothing is coming. Only when all that had reached the partition by then has been
   * processed may time pass; else this does nothing, and the records on their way will bring the time with them.
   *
   * @returns whether timers are left that are due.
   */
  async punctuate(end: PartitionEnd): Promise<boolean> {
    if ((this.position ?? 0) < end.endOffset) return false;
    const areLeft = this.fireTimersBefore(end.asOf);
    if (this.pending.hasTimers) await this.commit();
    return areLeft;
  }

  /**
   * Commits what was processed since the last time; when that is nothing, the owner's own record.
   * @throws FencedError when another owner has had the partition since.
   */
  async commit(): Promise<void> {
    const { log, metrics, monotonicMs } = this.deps;
    const { events, written, causes } = this.pending;
    this.pending = new PendingTransaction();
    this.deferredAt = undefined;
    const changelog = this.store.takeChanges();
    const { position } = this;
    const hasRead = position !== undefined && position !== this.committed;
    const begunAt = monotonicMs();
    const receipt = await log.commit({ changelog, ...(hasRead && { nextOffset: position }) });
    const tookMs = monotonicMs() - begunAt;
    const { appendedAt } = receipt;
    this.clock.sample(appendedAt);
    this.committed = position;
    metrics.commitSeconds.observe(tookMs / 1_000);
    // The records were appended at some moment of the transaction: its whole length is added, so that this never says too little.
    const latencies =
      appendedAt === undefined ? [] : causes.map((cause) => Math.max(0, appendedAt - cause + tookMs) / 1_000);
    metrics.noteCommitted({ events, written, latencies });
  }

  /** The next offset to process; unknown until the first batch when nothing was ever committed. */
  get nextOffset(): number | undefined {
    return this.position;
  }

  /** When the next timer may be due, in log time. */
  nextDueAt(): number | undefined {
    return this.store.nextDueAt();
  }

  /** A lower bound of the broker's clock, good to a few milliseconds; asks the broker when the last look is too long ago. */
  async brokerNow(maxAgeMs: number): Promise<number> {
    if (this.clock.ageMs() > maxAgeMs) await this.commit();
    return this.clock.now() ?? 0;
  }

  /** Sessions by phase. */
  get counts(): SessionStore['counts'] {
    return this.store.counts;
  }

  /** Records of the changelog read so far: it grows while the task opens. */
  get restoredRecords(): number {
    return this.restored;
  }

  /** How old the last processed record is by the broker's clock, ms; `undefined` before the first. */
  get lastRecordAgeMs(): number | undefined {
    const now = this.clock.now();
    return now === undefined || this.processedUpTo === undefined ? undefined : now - this.processedUpTo;
  }

  async close(): Promise<void> {
    await this.deps.log.close();
  }

  private async commitUpTo(offset: number): Promise<void> {
    this.position = offset;
    await this.commit();
  }

  private join(record: InputRecord): void {
    const { rules, encoder } = this.deps;
    const { pending } = this;
    this.processedUpTo = record.timestamp;
    const decoded = decodeRecord(record, this.knowsSchema);
    if (decoded.kind === 'poison') {
      this.refuse(record, decoded.reason, decoded.faults);
      return;
    }
    const { event } = decoded;
    const { sessionId } = event;
    const before = this.store.get(sessionId);
    const transition = onEvent(before, event, record.timestamp, rules);
    let boundBytes = boundAfter(this.store.boundBytes(sessionId), record.valueBytes);
    if (boundBytes > encoder.maxValueBytes) {
      boundBytes = largestValue(transition, (effect) => encoder.encode(effect));
      if (boundBytes > encoder.maxValueBytes) {
        this.refuse(record, 'too_large', []);
        return;
      }
    }
    pending.noteEvent(event.event, record.valueBytes);
    if (transition.effects.length > 0) pending.causes.push(record.timestamp);
    this.take(sessionId, before, transition, boundBytes);
  }

  /** To the dead-letter topic with it: nothing in a record may stop the partition. */
  private refuse(record: InputRecord, reason: PoisonReason, faults: readonly SchemaFault[]): void {
    this.deps.metrics.poison.inc({ reason });
    this.write(this.deps.encoder.deadLetter(record, reason, faults));
  }

  /** Fires timers that are due before `time`; true when the transaction is full, and timers may be left. */
  private fireTimersBefore(time: number): boolean {
    while (!this.pending.isFull) {
      const due = this.store.dueBefore(time);
      if (due === undefined) return false;
      const { sessionId, state, dueAt } = due;
      this.pending.noteTimer();
      this.take(sessionId, state, onTimer(sessionId, state, dueAt, this.deps.rules), this.store.boundBytes(sessionId));
    }
    return true;
  }

  private take(
    sessionId: string,
    before: SessionState | undefined,
    { state, effects }: Transition<SessionState>,
    boundBytes: number,
  ): void {
    for (const effect of effects) {
      this.pending.noteEffect(effect);
      this.write(this.deps.encoder.encode(effect));
    }
    if (state !== before) this.store.set(sessionId, state, boundBytes);
  }

  private write(output: OutputRecord): void {
    this.deps.log.append(output);
    this.pending.noteOutput(output.value.length);
  }

  private async restore(log: PartitionLog): Promise<void> {
    const { restoreProgress } = this.deps;
    let isRestored = false;
    restoreProgress?.begin();
    try {
      await log.restore((record) => {
        this.store.restore(record);
        this.restored += 1;
        restoreProgress?.noteRecord();
      });
      isRestored = true;
    } finally {
      restoreProgress?.end(isRestored);
    }
  }
}
