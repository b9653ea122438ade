import { createHash } from 'node:crypto';

/**
 * Maximum length of an encoded id in a key, in characters. Object stores on a file system allow names of 255 bytes; the rest is for
 * the extension. A UUID has 36.
 */
const MAX_ID_CHARS = 240;

/**
 * The object key without its extension: `<projectId>/<yyyy>/<mm>/<dd>/<sessionId>.`, including the dot. A prefix of the keys of this
 * recording's objects and of no others.
 *
 * @param readyAt the sender's timestamp of recording.ready; its UTC date becomes part of the key.
 * @param receivedAt when the ingress received the event (ms): used when `readyAt` is not a valid date.
 */
export function objectStem(projectId: string, sessionId: string, readyAt: string, receivedAt: number): string {
  return `${encodeId(projectId)}/${utcDate(readyAt, receivedAt)}/${encodeId(sessionId)}.`;
}

/**
 * An id as a segment of a key, percent-encoded so that it cannot contain a slash. Ids that consist of dots are encoded too, because
 * object stores may treat them as folders. An id that is too long is cut and followed by the hash of the whole id.
 */
export function encodeId(id: string): string {
  const encoded = /^\.+$/.test(id) ? '%2E'.repeat(id.length) : encodeURIComponent(wellFormed(id));
  if (encoded.length <= MAX_ID_CHARS) return encoded;
  const hash = createHash('sha256').update(id).digest('hex');
  let start = '';
  for (const character of wellFormed(id)) {
    const next = start + encodeURIComponent(character);
    if (next.length >= MAX_ID_CHARS - hash.length) break;
    start = next;
  }
  return `${start}~${hash}`;
}

/**
 * A session id as the value of an HTTP header: percent-encodes `%` and all characters that a header cannot carry.
 * `decodeURIComponent` restores the id. A UUID stays as it is.
 */
export function encodeHeaderValue(id: string): string {
  return wellFormed(id)
    .replace(/[^\x20-\x7e]+|%/gu, encodeURIComponent)
    .replace(/^ +| +$/g, (blanks) => '%20'.repeat(blanks.length));
}

/** Replaces half a surrogate pair, which has no UTF-8 encoding, by U+FFFD. */
function wellFormed(id: string): string {
  return Buffer.from(id).toString();
}

function utcDate(timestamp: string, fallback: number): string {
  const ms = Date.parse(asDateParses(timestamp));
  const iso = new Date(Number.isNaN(ms) ? fallback : ms).toISOString();
  // A year with more or fewer than four digits is a mistake of the sender.
  const date = /^\d{4}-/.test(iso) ? iso : new Date(fallback).toISOString();
  return date.slice(0, 10).replaceAll('-', '/');
}

/** Rewrites what ISO 8601 allows and Date.parse does not: a decimal comma, an offset without minutes, a leap second. */
function asDateParses(timestamp: string): string {
  return timestamp
    .replace(',', '.')
    .replace(/(T\d\d:\d\d):60/, '$1:59')
    .replace(/(T.*[+-]\d\d)$/, '$1:00');
}
