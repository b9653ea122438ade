import type { SessionEventValue } from '../../../schemas/validators.js';
import type { Effect } from '../rules/effects.js';

/**
 * A transaction is cut short when so many records were read in it, so many timers have fired, or so many bytes are to be written: a backlog
 * and a flood of timers are neither one giant transaction nor many small ones, and large records do not fill the memory.
 *
 * With more records a transaction costs less for each, as a session's state is written once for all of its events in it; from
 * some thousands on, little is left to win.
 */
const MOST_RECORDS = 8_000;
const MOST_TIMERS = 2_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** Records of one kind, by the outcome of the recording: `none` where that is not known. */
export type Written = { readonly kind: Effect['kind']; readonly outcome: string; readonly count: number };

/** How large a task's next commit is by now, and what it will tell the metrics. */
export class PendingTransaction {
  readonly events = new Map<SessionEventValue['event'], number>();
  /** LogAppendTimes of the events that gave a record. */
  readonly causes: number[] = [];
  private readonly effects = new Map<string, { kind: Effect['kind']; outcome: string; count: number }>();
  private records = 0;
  private timers = 0;
  private bytes = 0;

  get isFull(): boolean {
    return this.records >= MOST_RECORDS || this.timers >= MOST_TIMERS || this.bytes >= MOST_BYTES;
  }

  get hasTimers(): boolean {
    return this.timers > 0;
  }

  get written(): Iterable<Written> {
    return this.effects.values();
  }

  /** A record was read. */
  noteRecord(): void {
    this.records += 1;
  }

  /** It was an event that is joined. */
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
