import { ProtocolError } from '../../infra/kafka/protocol/protocol-error.js';
import { ERROR_CODES } from '../../infra/kafka/protocol/error-codes.js';
import type { Clock } from '../../infra/async/clock.js';
import type { IncomingRecord } from '../record.js';

/** Bound of everything that an event's record has beside its body: the longest session id occurs in key and headers. */
const EVENT_OVERHEAD_BYTES = 4 * 1024;

/** Bound of the framing of a batch and a record, and of the wire format's header. */
const FRAMING_BYTES = 256;

/** Framing of a header. */
const HEADER_BYTES = 10;

/** How long a refusal counts: the operator may have raised the limit since. */
const MAX_REFUSAL_AGE_MS = 600_000;

/** Size of a record in Kafka, at most. */
export function recordBytes(record: IncomingRecord): number {
  return record.body.length + overheadBytes(record);
}

/** Size of everything that the record has beside its body, at most. */
export function overheadBytes({ key, headers }: IncomingRecord): number {
  const ofHeaders = Object.entries(headers).map(
    ([name, value]) => HEADER_BYTES + Buffer.byteLength(name) + Buffer.byteLength(value),
  );
  return FRAMING_BYTES + Buffer.byteLength(key ?? '') + ofHeaders.reduce((sum, bytes) => sum + bytes, 0);
}

/** Whether Kafka rejected a record because of its size. */
export function isTooLarge({ cause }: Error): boolean {
  if (!(cause instanceof ProtocolError)) return false;
  const name = ERROR_CODES.get(cause.code)?.name;
  return name === 'MESSAGE_TOO_LARGE' || name === 'RECORD_LIST_TOO_LARGE';
}

/** The largest record that a topic takes: as its configuration says, or, where that cannot be read, as its refusals show. */
export class RecordLimit {
  /** `max.message.bytes` of the topic; Infinity if it is not known. */
  configuredBytes = Infinity;
  private refused = Infinity;
  private refusedAt = -Infinity;

  constructor(private readonly clock: Clock) {}

  /** In bytes; Infinity if nothing is known. */
  get maxRecordBytes(): number {
    if (this.clock.monotonic() - this.refusedAt > MAX_REFUSAL_AGE_MS) this.refused = Infinity;
    return Math.min(this.configuredBytes, this.refused);
  }

  /** The largest body of an event, in bytes. */
  get maxBodyBytes(): number {
    return Math.max(0, this.maxRecordBytes - EVENT_OVERHEAD_BYTES);
  }

  /** Call it with each record that Kafka rejected because of its size. */
  learn(record: IncomingRecord): void {
    this.refused = Math.min(this.maxRecordBytes, recordBytes(record) - 1);
    this.refusedAt = this.clock.monotonic();
  }
}
