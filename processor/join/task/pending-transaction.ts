import type { SessionEventValue } from '../../../schemas/validators.js';
import type { Written } from '../log/written.js';
import type { Effect } from '../rules/effects.js';

/**
 * Limits of one transaction. They split a backlog or a flood of timers into transactions of a useful size, and keep large records from
 * filling the memory.
 *
 * A larger transaction costs less per record, because a session's state is written once for all of its events in it. Beyond
 * some thousands of records the gain is small.
 */
const MAX_RECORDS = 8_000;
const MAX_TIMERS = 2_000;
const MAX_BYTES = 16 * 1024 * 1024;

/** Tracks the size of a task's next commit, and collects what the commit reports to the metrics. */
export class PendingTransaction {
  readonly events = new Map<SessionEventValue['event'], number>();
  /** LogAppendTimes of the events that led to an output record. */
  readonly causes: number[] = [];
  private readonly effects = new Map<string, { kind: Effect['kind']; outcome: string; count: number }>();
  private records = 0;
  private timers = 0;
  private bytes = 0;

  get isFull(): boolean {
    return this.records >= MAX_RECORDS || this.timers >= MAX_TIMERS || this.bytes >= MAX_BYTES;
  }

  get hasTimers(): boolean {
    return this.timers > 0;
  }

  get written(): Iterable<Written> {
    return this.effects.values();
  }

  /** Counts an input record, whether or not it can be joined. */
  noteRecord(): void {
    this.records += 1;
  }

  /** Counts a record that was joined as an event. */
  noteEvent(event: SessionEventValue['event'], bytes: number): void {
    this.events.set(event, (this.events.get(event) ?? 0) + 1);
    this.bytes += bytes;
  }

  noteTimer(): void {
    this.timers += 1;
  }

  noteEffect({ kind, record }: Effect): void {
    const outcome = record.recording?.outcome ?? 'none';
    const name = `${kind} ${outcome}`;
    const known = this.effects.get(name);
    if (known === undefined) this.effects.set(name, { kind, outcome, count: 1 });
    else known.count += 1;
  }

  noteOutput(bytes: number): void {
    this.bytes += bytes;
  }
}
