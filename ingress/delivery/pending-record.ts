import { RecordRefusedError } from '../../infra/kafka/produce/event-producer-errors.js';
import { QueuedRecord, type DeliveryError } from '../../infra/kafka/produce/queued-record.js';
import type { IncomingRecord, StoreOutcome } from '../record.js';

/** Handles records that Kafka did not acknowledge. */
export type UndeliveredHandler = {
  /** Kafka rejects the record permanently. */
  readonly rejected: (pending: PendingRecord, error: RecordRefusedError) => void;
  /** The producer gave the record up; it may still arrive. */
  readonly returned: (pending: PendingRecord) => void;
};

const IN_KAFKA: StoreOutcome = { kind: 'stored', place: 'kafka' };

/**
 * An incoming record and the request that waits for it; the producer queues this same object.
 * The first outcome counts: the record may become durable in both places, one after the other.
 */
export class PendingRecord extends QueuedRecord {
  /** Bytes in front of the body in Kafka; known once the schema is registered. */
  prefix: Buffer | undefined = undefined;
  private waiting: ((outcome: StoreOutcome) => void) | undefined;

  constructor(
    readonly record: IncomingRecord,
    waiting: (outcome: StoreOutcome) => void,
    private readonly undelivered: UndeliveredHandler,
    /** Whether the record comes from another spool. */
    readonly isMoved = false,
  ) {
    super();
    this.waiting = waiting;
  }

  get key(): string | null {
    return this.record.key;
  }

  get value(): Buffer {
    return this.record.body;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.record.headers;
  }

  /** Answers the request. */
  answer(outcome: StoreOutcome): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.(outcome);
  }

  protected override onSettled(error: DeliveryError): void {
    if (error === undefined) this.answer(IN_KAFKA);
    else if (error instanceof RecordRefusedError) this.undelivered.rejected(this, error);
    else this.undelivered.returned(this);
  }
}
