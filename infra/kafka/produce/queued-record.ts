import type { BatchRecord } from '../protocol/records/record-batch.js';
import type { NotAcknowledgedError, RecordRefusedError } from './event-producer-errors.js';

/** `undefined`: all in-sync replicas have the record. */
export type DeliveryError = NotAcknowledgedError | RecordRefusedError | undefined;

/**
 * A record and who waits for it: one object from `enqueue` to the acknowledgement, so that an event costs no wrapper on its way.
 * Enqueue it once.
 */
export abstract class QueuedRecord implements BatchRecord {
  abstract readonly key: string | null;
  abstract readonly prefix: Buffer | undefined;
  abstract readonly value: Buffer | null;
  abstract readonly headers: BatchRecord['headers'];
  /** Monotonic time of `enqueue`, set by the producer. */
  queuedAt = 0;
  /** Chosen by the session when the record is sent; -1 before. */
  partition = -1;
  private settled = false;

  /** The producer is done with the record, though a copy of it may still arrive. */
  get isSettled(): boolean {
    return this.settled;
  }

  /** Reports the outcome to the waiter. Only the first call counts. */
  settle(error?: DeliveryError): void {
    if (this.settled) return;
    this.settled = true;
    this.onSettled(error);
  }

  /** Called once. */
  protected abstract onSettled(error: DeliveryError): void;
}

/** A record whose sender waits for a promise. */
export class PromisedRecord extends QueuedRecord {
  readonly key: string | null;
  readonly prefix: Buffer | undefined;
  readonly value: Buffer | null;
  readonly headers: BatchRecord['headers'];

  constructor(
    { key, prefix, value, headers }: BatchRecord,
    private readonly resolve: () => void,
    private readonly reject: (error: Error) => void,
  ) {
    super();
    this.key = key;
    this.prefix = prefix;
    this.value = value;
    this.headers = headers;
  }

  protected override onSettled(error: DeliveryError): void {
    if (error === undefined) this.resolve();
    else this.reject(error);
  }
}
