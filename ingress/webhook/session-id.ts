import { schemas } from '../../schemas/generated/schemas.js';

const { minLength, maxLength, pattern } = schemas['session-ended'].properties.sessionId;
const PATTERN = new RegExp(pattern, 'u');

/** The session id of a parsed body that need not be an event, if it has one within the schema's rules. */
export function readableSessionId(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('sessionId' in value)) return undefined;
  const { sessionId } = value;
  // A code point is two UTF-16 units at most: what is longer is not worth counting.
  if (typeof sessionId !== 'string' || sessionId.length > 2 * maxLength) return undefined;
  const characters = Array.from(sessionId).length;
  return characters >= minLength && characters <= maxLength && PATTERN.test(sessionId) ? sessionId : undefined;
}
