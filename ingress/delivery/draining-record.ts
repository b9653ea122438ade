import { QueuedRecord, type DeliveryError } from '../../infra/kafka/produce/queued-record.js';
import type { IncomingRecord } from '../record.js';

/** A record of the spool on its way to Kafka. */
export class DrainingRecord extends QueuedRecord {
  constructor(
    readonly record: IncomingRecord,
    /** Bytes in front of the body in Kafka. */
    readonly prefix: Buffer | undefined,
    /** Called without an error once the record is durable outside of its spool. */
    readonly done: (error: DeliveryError) => void,
  ) {
    super();
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

  protected override onSettled(error: DeliveryError): void {
    this.done(error);
  }
}
