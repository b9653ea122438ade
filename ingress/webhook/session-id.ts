import { schemas } from '../../schemas/generated/schemas.js';

const { minLength, maxLength, pattern } = schemas['session-ended'].properties.sessionId;
const PATTERN = new RegExp(pattern, 'u');

/** The session id of a parsed body, valid event or not; `undefined` if the body has none that satisfies the schema. */
export function readableSessionId(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('sessionId' in value)) return undefined;
  const { sessionId } = value;
  // A code point has at most two UTF-16 units, so longer strings need no count of code points.
  if (typeof sessionId !== 'string' || sessionId.length > 2 * maxLength) return undefined;
  const characters = Array.from(sessionId).length;
  const isValid = characters >= minLength && characters <= maxLength && PATTERN.test(sessionId);
  return isValid && sessionId.isWellFormed() ? sessionId : undefined;
}
