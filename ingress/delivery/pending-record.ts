import type { IncomingRecord, StoreOutcome } from './event-sink.js';

/** A record, and the request that waits to hear where it is. The first outcome counts: it may be durable in both places, one after the other. */
export class PendingRecord {
  constructor(
    readonly record: IncomingRecord,
    private waiting: ((outcome: StoreOutcome) => void) | undefined,
  ) {}

  settle(outcome: StoreOutcome): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.(outcome);
  }
}
