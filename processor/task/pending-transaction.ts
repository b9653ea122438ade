import type { SessionEventValue } from '../../schemas/validators.js';
import type { Effect } from '../join/effects.js';
import type { OutputRecord } from './partition-log.js';

/**
 * A transaction is cut short when so many timers have fired in it, or so many bytes are to be written: a flood of timers is neither
 * one giant transaction nor one for each, and large records do not fill the memory.
 */
const MOST_TIMERS = 2_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** What a task's next commit will write, and then tell the metrics. */
export class PendingTransaction {
  readonly outputs: OutputRecord[] = [];
  readonly effects: Effect[] = [];
  readonly events = new Map<SessionEventValue['event'], number>();
  /** LogAppendTimes of the events that gave a record. */
  readonly causes: number[] = [];
  private timers = 0;
  private bytes = 0;

  get isFull(): boolean {
    return this.timers >= MOST_TIMERS || this.bytes >= MOST_BYTES;
  }

  get hasTimers(): boolean {
    return this.timers > 0;
  }

  write(output: OutputRecord): void {
    this.outputs.push(output);
    this.bytes += output.value.length;
  }

  noteEvent(event: SessionEventValue['event'], bytes: number): void {
    this.events.set(event, (this.events.get(event) ?? 0) + 1);
    this.bytes += bytes;
  }

  noteTimer(): void {
    this.timers += 1;
  }
}
