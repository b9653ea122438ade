import { createHash } from 'node:crypto';

/**
 * Longest id in a key. A file name of most systems holds 255 bytes, which is what stores on a file system take; with an extension
 * behind it the id stays below. UUIDs are 36.
 */
const MAX_SEGMENT = 240;

/**
 * The object key without its extension: `<projectId>/<yyyy>/<mm>/<dd>/<sessionId>.`, the dot included. All objects of the recording,
 * and of no other, begin with it.
 *
 * @param readyAt the sender's timestamp of recording.ready; its UTC date is in the key.
 * @param appendedAt when the record reached Kafka (ms): taken for a timestamp that is no date.
 */
export function objectStem(projectId: string, sessionId: string, readyAt: string, appendedAt: number): string {
  return `${encodeId(projectId)}/${utcDate(readyAt, appendedAt)}/${encodeId(sessionId)}.`;
}

/**
 * An id as a part of a key: percent-encoded, so that it can neither end the part nor climb out of it. Ids of dots alone are encoded
 * too, as stores take them for folders. What is longer than a store can hold is cut, with the hash of the whole id behind it.
 */
export function encodeId(id: string): string {
  const encoded = /^\.+$/.test(id) ? '%2E'.repeat(id.length) : encodeURIComponent(wellFormed(id));
  if (encoded.length <= MAX_SEGMENT) return encoded;
  const hash = createHash('sha256').update(id).digest('hex');
  let start = '';
  for (const character of wellFormed(id)) {
    const next = start + encodeURIComponent(character);
    if (next.length >= MAX_SEGMENT - hash.length) break;
    start = next;
  }
  return `${start}~${hash}`;
}

/**
 * A session id as the value of an HTTP header: what a header cannot carry, and `%`, is percent-encoded.
 * `decodeURIComponent` gives the id back; for a UUID they are the same.
 */
export function encodeHeaderValue(id: string): string {
  return wellFormed(id)
    .replace(/[^\x20-\x7e]+|%/gu, encodeURIComponent)
    .replace(/^ +| +$/g, (blanks) => '%20'.repeat(blanks.length));
}

/** Half a surrogate pair has no UTF-8, so nothing to encode: it becomes U+FFFD. */
function wellFormed(id: string): string {
  return Buffer.from(id).toString();
}

function utcDate(timestamp: string, fallback: number): string {
  const ms = Date.parse(asDateParses(timestamp));
  const iso = new Date(Number.isNaN(ms) ? fallback : ms).toISOString();
  // Years of other than four digits are a slip of the sender.
  const date = /^\d{4}-/.test(iso) ? iso : new Date(fallback).toISOString();
  return date.slice(0, 10).replaceAll('-', '/');
}

/** ISO 8601 allows what Date.parse does not: a comma, an offset of hours alone, a leap second. */
function asDateParses(timestamp: string): string {
  return timestamp
    .replace(',', '.')
    .replace(/(T\d\d:\d\d):60/, '$1:59')
    .replace(/(T.*[+-]\d\d)$/, '$1:00');
}
