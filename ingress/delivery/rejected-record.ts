import type { IncomingRecord } from '../record.js';

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
