import type { IncomingRecord } from '../record.js';
import { overheadBytes } from './record-limit.js';

/**
 * The dead letter for a valid event that Kafka rejects permanently, for example because it is too large.
 * As a dead letter it does not block the events behind it.
 */
export function rejectedRecord({ key, body, headers }: IncomingRecord, error: Error): IncomingRecord {
  const { cause } = error;
  const message = cause instanceof Error ? cause.message : error.message;
  return {
    stream: 'dead-letter',
    key,
    body,
    headers: {
      ...headers,
      reason: 'refused_by_kafka',
      errors: JSON.stringify([{ path: '', message }]),
      // Events do not carry it.
      'remote-address': headers['remote-address'] ?? '',
    },
  };
}

/** Less of a body helps nobody. */
const MIN_BODY_BYTES = 256;

/**
 * A dead letter with so much of its body as the topic takes; the header `cut-from-bytes` has the size of the whole body. If the record
 * is not larger than the limit, and was refused all the same, halves the body.
 *
 * @param maxRecordBytes Infinity if it is not known.
 * @returns undefined if too little would be left.
 */
export function cutToFit(record: IncomingRecord, maxRecordBytes: number): IncomingRecord | undefined {
  const { body, headers } = record;
  const cutFrom = headers['cut-from-bytes'] ?? String(body.length);
  const marked = { ...record, headers: { ...headers, 'cut-from-bytes': cutFrom } };
  const room = maxRecordBytes - overheadBytes(marked);
  const bytes = room < body.length ? room : Math.floor(body.length / 2);
  return bytes < MIN_BODY_BYTES ? undefined : { ...marked, body: body.subarray(0, bytes) };
}
