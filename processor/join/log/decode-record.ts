import type { InputRecord } from '../../../infra/kafka/consume/group-consumer.js';
import { validateSessionEvent, type SchemaFault, type SessionEventValue } from '../../../schemas/validators.js';
import { HEADER_BYTES, schemaIdOfWire } from '../../../schemas/wire-format.js';
import { nestsDeeperThan } from './nesting.js';

/** Levels of `extractedVariables`: far more than any agent extracts, far fewer than what can be written again. */
const MAX_LEVELS = 1_000;

/** Why a record of `session.events` cannot be joined. */
export const POISON_REASONS = [
  'tombstone',
  'not_wire_format',
  'unknown_schema_id',
  'not_json',
  'schema',
  'too_deep',
  'key_mismatch',
  /** With what is known of the session already, it would make a record that no topic takes. */
  'too_large',
] as const;
export type PoisonReason = (typeof POISON_REASONS)[number];

export type DecodedRecord =
  | { readonly kind: 'event'; readonly event: SessionEventValue }
  | { readonly kind: 'poison'; readonly reason: PoisonReason; readonly faults: readonly SchemaFault[] };

/** The schema that a record names; `undefined` when its value is not in the wire format. */
export function schemaIdOf({ bytes, valueStart, valueEnd }: InputRecord): number | undefined {
  return schemaIdOfWire(bytes, valueStart, valueEnd);
}

/**
 * Reads a record. Whatever is in it, the answer is a value: nothing in a record may stop a partition.
 *
 * @param knowsSchema whether the registry has the id; ask it before.
 */
export function decodeRecord(record: InputRecord, knowsSchema: (schemaId: number) => boolean): DecodedRecord {
  if (record.isTombstone) return poison('tombstone');
  const schemaId = schemaIdOf(record);
  if (schemaId === undefined) return poison('not_wire_format');
  if (!knowsSchema(schemaId)) return poison('unknown_schema_id');
  const body = parse(record);
  if (body === undefined) return poison('not_json');
  const verdict = validateSessionEvent(body.json);
  if (verdict.kind === 'invalid') return poison('schema', verdict.faults);
  if (isTooDeep(verdict.event, record.valueBytes)) return poison('too_deep');
  // The key chose the partition: under another key, parts of one session would be joined in two places.
  if (!record.hasKey(verdict.event.sessionId)) return poison('key_mismatch');
  return { kind: 'event', event: verdict.event };
}

/** What is kept of an event is written again as JSON: in the changelog, and in the joined record. */
function isTooDeep(event: SessionEventValue, bytes: number): boolean {
  // Each level takes two bytes at least: most events are too short to be looked through.
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

function poison(reason: PoisonReason, faults: readonly SchemaFault[] = []): DecodedRecord {
  return { kind: 'poison', reason, faults };
}
