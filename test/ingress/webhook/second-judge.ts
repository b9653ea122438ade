import type { BodyVerdict } from '../../../ingress/webhook/judge-body.js';
import { NotJson, parseJson, type Json } from './second-json.js';

/** Judges bodies by handwritten rules for the four events, as a second opinion on the schemas and the validator. */
export function secondVerdict(body: Buffer): BodyVerdict['kind'] {
  if (!isWellFormedUtf8(body)) return 'not_utf8';
  let value: Json;
  try {
    value = parseJson(body.toString('utf8'));
  } catch (error) {
    if (error instanceof NotJson) return 'not_json';
    throw error;
  }
  if (!(value instanceof Map)) return 'schema';
  const event = value.get('event');
  if (typeof event !== 'string') return 'schema';
  const rules = RULES.get(event);
  if (rules === undefined) return 'unknown_event';
  return rules(value) && isSessionId(value.get('sessionId')) && isTimestamp(value.get('timestamp'))
    ? 'event'
    : 'schema';
}

type Event = Map<string, Json>;

const RULES = new Map<string, (event: Event) => boolean>([
  ['session.ended', isConversation],
  ['call.ended', (event) => isText(event.get('projectId')) && isCall(event)],
  [
    'session.finalized',
    (event) => {
      const isTextSession = isAbsent(event, 'callStatus') && isAbsent(event, 'callDuration');
      return isText(event.get('projectId')) && isConversation(event) && (isTextSession || isCall(event));
    },
  ],
  [
    'recording.ready',
    (event) => {
      const success = event.get('success');
      if (!isText(event.get('projectId'))) return false;
      return success === true
        ? isText(event.get('recordingUrl'))
        : success === false && isAbsent(event, 'recordingUrl');
    },
  ],
]);

function isConversation(event: Event): boolean {
  const count = event.get('messagesCount');
  return (
    typeof event.get('currentNodeId') === 'string' &&
    Number.isInteger(count) &&
    Number(count) >= 0 &&
    event.get('extractedVariables') instanceof Map
  );
}

function isCall(event: Event): boolean {
  const duration = event.get('callDuration');
  return typeof event.get('callStatus') === 'string' && Number.isFinite(duration) && Number(duration) >= 0;
}

function isAbsent(event: Event, field: string): boolean {
  return !event.has(field) || event.get(field) === null;
}

function isText(value: Json | undefined): boolean {
  return typeof value === 'string' && value !== '';
}

function isSessionId(value: Json | undefined): boolean {
  if (typeof value !== 'string') return false;
  const codes = Array.from(value).map((character) => character.codePointAt(0) ?? 0);
  const isAllowed = (code: number) =>
    code >= 0x20 && !(code >= 0x7f && code <= 0x9f) && !(code >= 0xd800 && code <= 0xdfff);
  return codes.length >= 1 && codes.length <= 256 && codes.every(isAllowed);
}

/** `YYYY-MM-DDThh:mm`, optional seconds with an optional fraction, and an offset. Every month may have 31 days. */
function isTimestamp(value: Json | undefined): boolean {
  if (typeof value !== 'string') return false;
  let rest = value;
  const readNumber = (size: number, min: number, max: number): boolean => {
    const digits = rest.slice(0, size);
    rest = rest.slice(size);
    return (
      digits.length === size &&
      Array.from(digits).every((c) => c >= '0' && c <= '9') &&
      +digits >= min &&
      +digits <= max
    );
  };
  const readChar = (chars: string): boolean => {
    const found = rest !== '' && chars.includes(rest.charAt(0));
    if (found) rest = rest.slice(1);
    return found;
  };
  if (!(readNumber(4, 0, 9999) && readChar('-') && readNumber(2, 1, 12) && readChar('-') && readNumber(2, 1, 31)))
    return false;
  if (!(readChar('T') && readNumber(2, 0, 23) && readChar(':') && readNumber(2, 0, 59))) return false;
  if (readChar(':')) {
    if (!readNumber(2, 0, 60)) return false;
    if (readChar('.,')) {
      if (!readNumber(1, 0, 9)) return false;
      while (readChar('0123456789'));
    }
  }
  if (readChar('Z')) return rest === '';
  if (!(readChar('+-') && readNumber(2, 0, 99))) return false;
  if (rest === '') return true;
  readChar(':');
  return readNumber(2, 0, 59) && rest === '';
}

/** Table 3-7 of the Unicode standard. */
function isWellFormedUtf8(bytes: Buffer): boolean {
  const within = (at: number, min: number, max: number) => (bytes[at] ?? 0) >= min && (bytes[at] ?? 0) <= max;
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at] ?? 0;
    if (lead <= 0x7f) {
      at += 1;
      continue;
    }
    const more =
      lead >= 0xc2 && lead <= 0xdf ? 1 : lead >= 0xe0 && lead <= 0xef ? 2 : lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
    if (more === 0) return false;
    const min = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const max = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (!within(at + 1, min, max)) return false;
    for (let n = 2; n <= more; n += 1) if (!within(at + n, 0x80, 0xbf)) return false;
    at += 1 + more;
  }
  return true;
}
