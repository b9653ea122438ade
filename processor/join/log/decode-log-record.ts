import type { InputRecord } from '../../../infra/kafka/consume/group-consumer.js';
import { validateSessionEvent, type SchemaFault, type SessionEventValue } from '../../../schemas/validators.js';
import { HEADER_BYTES, schemaIdOfWire } from '../../../schemas/wire-format.js';
import { nestsDeeperThan } from './nesting.js';

/** Nesting limit of `extractedVariables`: far more than any agent extracts, far less than JSON.stringify can write. */
const MAX_LEVELS = 1_000;

/** Reasons why a record of `session.events` cannot be joined. */
export const DEAD_LETTER_REASONS = [
  'tombstone',
  'not_wire_format',
  'not_json',
  'schema',
  'too_deep',
  'key_mismatch',
  /** Together with the known state of its session, it would lead to a record that no topic accepts. */
  'too_large',
] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

export type DecodedRecord =
  | { readonly kind: 'event'; readonly event: SessionEventValue }
  | { readonly kind: 'dead-letter'; readonly reason: DeadLetterReason; readonly faults: readonly SchemaFault[] };

/**
 * Decodes a record. Never throws, since nothing in a record may stop a partition.
 *
 * Our own schemas decide, whatever the schema id is: ids change when a registry is rebuilt, and an id says nothing about the bytes behind it.
 */
export function decodeLogRecord(record: InputRecord): DecodedRecord {
  if (record.isTombstone) return deadLetter('tombstone');
  const { bytes, valueStart, valueEnd } = record;
  if (schemaIdOfWire(bytes, valueStart, valueEnd) === undefined) return deadLetter('not_wire_format');
  const body = parse(record);
  if (body === undefined) return deadLetter('not_json');
  const verdict = validateSessionEvent(body.json);
  if (verdict.kind === 'invalid') return deadLetter('schema', verdict.faults);
  if (isTooDeep(verdict.event, record.valueBytes)) return deadLetter('too_deep');
  // The key chose the partition: under another key, parts of one session would be joined in two places.
  if (!record.hasKey(verdict.event.sessionId)) return deadLetter('key_mismatch');
  return { kind: 'event', event: verdict.event };
}

/** The changelog and the joined record hold the event's content as JSON again, so JSON.stringify must be able to write it. */
function isTooDeep(event: SessionEventValue, bytes: number): boolean {
  // A level takes at least two bytes, so most events are too short to need a check.
  if (bytes < 2 * MAX_LEVELS || !('extractedVariables' in event)) return false;
  return nestsDeeperThan(event.extractedVariables, MAX_LEVELS);
}

function parse({ bytes, valueStart, valueEnd }: InputRecord): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(bytes.toString('utf8', valueStart + HEADER_BYTES, valueEnd)) };
  } catch {
    return undefined;
  }
}

function deadLetter(reason: DeadLetterReason, faults: readonly SchemaFault[] = []): DecodedRecord {
  return { kind: 'dead-letter', reason, faults };
}
