import type { InputRecord } from '../../../infra/kafka/consume/group-consumer.js';
import type { SchemaFault } from '../../../schemas/validators.js';
import type { JoinMetrics } from '../join-metrics.js';
import { decodeLogRecord, type DeadLetterReason } from '../log/decode-log-record.js';
import type { OutputEncoder } from '../log/output-encoder.js';
import type { OutputRecord, PartitionLog } from '../log/partition-log.js';
import { boundAfter, largestValue } from '../log/size-limit.js';
import type { Transition } from '../rules/effects.js';
import type { JoinRules } from '../rules/rules.js';
import type { SessionState } from '../rules/state.js';
import { onEvent, onTimer } from '../rules/transition.js';
import type { SessionStore } from '../state/session-store.js';
import { PendingTransaction } from './pending-transaction.js';

export type RecordJoinerDeps = {
  readonly log: PartitionLog;
  readonly rules: JoinRules;
  readonly encoder: OutputEncoder;
  readonly metrics: JoinMetrics;
};

/** Runs transitions on the sessions of one partition, and appends their outputs to the transaction that the task commits next. */
export class RecordJoiner {
  /** The content of the next commit. */
  private current = new PendingTransaction();
  private joinedUpTo: number | undefined;

  constructor(
    private readonly partition: number,
    private readonly sessions: SessionStore,
    private readonly deps: RecordJoinerDeps,
  ) {}

  get pending(): PendingTransaction {
    return this.current;
  }

  /** LogAppendTime of the last joined record; `undefined` before the first. */
  get lastTimestamp(): number | undefined {
    return this.joinedUpTo;
  }

  /** Hands the pending transaction to the caller, who commits it, and starts a new one. */
  drainPending(): PendingTransaction {
    const drained = this.current;
    this.current = new PendingTransaction();
    return drained;
  }

  /** Joins a record, or appends it to the dead-letter topic. */
  join(record: InputRecord): void {
    const { rules, encoder } = this.deps;
    this.joinedUpTo = record.timestamp;
    const decoded = decodeLogRecord(record);
    if (decoded.kind === 'dead-letter') {
      this.appendDeadLetter(record, decoded.reason, decoded.faults);
      return;
    }
    const { event } = decoded;
    const { sessionId } = event;
    const before = this.sessions.get(sessionId);
    const transition = onEvent(before, event, record.timestamp, rules);
    let boundBytes = boundAfter(this.sessions.boundBytes(sessionId), record.valueBytes);
    if (boundBytes > encoder.maxValueBytes) {
      boundBytes = largestValue(transition, (effect) => encoder.encode(effect));
      if (boundBytes > encoder.maxValueBytes) {
        this.appendDeadLetter(record, 'too_large', []);
        return;
      }
    }
    this.current.noteEvent(event.event, record.valueBytes);
    if (transition.effects.length > 0) this.current.causes.push(record.timestamp);
    this.apply(sessionId, before, transition, boundBytes);
  }

  /** Fires the timers that are due before `time`. Returns true when the transaction is full: due timers may remain. */
  fireTimersBefore(time: number): boolean {
    while (!this.current.isFull) {
      const due = this.sessions.dueBefore(time);
      if (due === undefined) return false;
      const { sessionId, state, dueAt } = due;
      this.current.noteTimer();
      const transition = onTimer(sessionId, state, dueAt, this.deps.rules);
      this.apply(sessionId, state, transition, this.sessions.boundBytes(sessionId));
    }
    return true;
  }

  private appendDeadLetter(record: InputRecord, reason: DeadLetterReason, faults: readonly SchemaFault[]): void {
    this.deps.metrics.deadLetters.inc({ reason });
    this.append(this.deps.encoder.deadLetter(record, this.partition, reason, faults));
  }

  private apply(
    sessionId: string,
    before: SessionState | undefined,
    { state, effects }: Transition<SessionState>,
    boundBytes: number,
  ): void {
    for (const effect of effects) {
      this.current.noteEffect(effect);
      this.append(this.deps.encoder.encode(effect));
    }
    if (state !== before) this.sessions.set(sessionId, state, boundBytes);
  }

  private append(output: OutputRecord): void {
    this.deps.log.append(output);
    this.current.noteOutput(output.value.length);
  }
}
