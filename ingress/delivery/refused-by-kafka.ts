import type { IncomingRecord } from './event-sink.js';

/** A valid event that Kafka refuses for ever (too large, for one) as a dead letter, so that it does not hold up what is behind it. */
export function refusedByKafka({ key, body, headers }: IncomingRecord, error: Error): IncomingRecord {
  const { cause } = error;
  const message = cause instanceof Error ? cause.message : error.message;
  return {
    stream: 'dead-letter',
    key,
    body,
    headers: { ...headers, reason: 'refused_by_kafka', errors: JSON.stringify([{ path: '', message }]) },
  };
}
