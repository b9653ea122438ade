import type { EventSink } from '../../ingress/delivery/event-sink.js';
import type { IncomingRecord, StoreOutcome } from '../../ingress/record.js';

/** An event sink controlled by the test, which decides when and how each record is settled. */
export class MemorySink implements EventSink {
  /** In order of arrival, settled or not. */
  readonly records: IncomingRecord[] = [];
  private readonly waiting: ((outcome: StoreOutcome) => void)[] = [];
  private readonly arrivalChecks: (() => void)[] = [];
  /** The outcome of every record; `undefined`: the test calls `settle`. */
  outcome: StoreOutcome | undefined = { kind: 'stored', place: 'kafka' };
  fault: string | undefined;
  /** What Kafka takes, in bytes. */
  limitBytes = Infinity;

  readonly accept = (record: IncomingRecord, settle: (outcome: StoreOutcome) => void): void => {
    this.records.push(record);
    const { outcome } = this;
    // Like Kafka, never in the turn of the request.
    if (outcome !== undefined) setImmediate(() => settle(outcome));
    else this.waiting.push(settle);
    for (const check of this.arrivalChecks) check();
  };

  readonly maxBodyBytes = (): number => this.limitBytes;
  readonly readinessFault = (): string | undefined => this.fault;
  readonly pending = (): number => this.waiting.length;
  readonly close = (): Promise<void> => Promise.resolve();

  /** Settles all records that wait. */
  settle(outcome: StoreOutcome): void {
    for (const resolve of this.waiting.splice(0)) resolve(outcome);
  }

  /** Resolves when `count` records have arrived. */
  async arrived(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const check = () => this.records.length >= count && resolve();
      this.arrivalChecks.push(check);
      check();
    });
  }
}
