import type { DurableStore, IncomingRecord, StoreOutcome } from '../../ingress/delivery/event-sink.js';

/** A store behind the port that a test holds in its hand: it says when and how each record is settled. */
export class MemoryStore implements DurableStore {
  /** In order of arrival, settled or not. */
  readonly records: IncomingRecord[] = [];
  private readonly waiting: ((outcome: StoreOutcome) => void)[] = [];
  private readonly arrivals: (() => void)[] = [];
  /** How records are settled at once; undefined: by hand, with `settle`. */
  outcome: StoreOutcome | undefined = { kind: 'stored', place: 'kafka' };
  reason: string | undefined;

  readonly store = (record: IncomingRecord, settle: (outcome: StoreOutcome) => void): void => {
    this.records.push(record);
    const { outcome } = this;
    // As with Kafka, never in the turn of the request.
    if (outcome !== undefined) setImmediate(() => settle(outcome));
    else this.waiting.push(settle);
    for (const look of this.arrivals) look();
  };

  readonly notReady = (): string | undefined => this.reason;
  readonly pending = (): number => this.waiting.length;
  readonly close = (): Promise<void> => Promise.resolve();

  settle(outcome: StoreOutcome): void {
    for (const resolve of this.waiting.splice(0)) resolve(outcome);
  }

  /** Resolves when that many records have arrived. */
  async arrived(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = () => this.records.length >= count && resolve();
      this.arrivals.push(look);
      look();
    });
  }
}
