import type { IncomingHttpHeaders } from 'node:http';
import type { SourceFault } from './source-fault.js';

/** How to read an acceptable body, according to the head of its response. */
export type BodyPlan = {
  /** Offset of the body in the recording; 0 starts over. */
  readonly startsAt: number;
  /** Length of the whole recording; `undefined` if the source does not state it. */
  readonly totalBytes: number | undefined;
  /** Content codings to decode, the outermost first. */
  readonly encodings: readonly Encoding[];
};

const ENCODINGS = ['gzip', 'x-gzip', 'deflate', 'br'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export type HeadVerdict =
  { readonly kind: 'body'; readonly plan: BodyPlan } | { readonly kind: 'fault'; readonly fault: SourceFault };

/**
 * Judges the head of a response that is not a redirect.
 * @param storedBytes bytes that are on disk already and were excluded by a Range header; 0 if the whole recording was requested.
 * @param knownTotal length of the whole recording according to an earlier response.
 * @param now for a Retry-After that is a date (ms since the epoch).
 */
export function judgeHead(
  status: number,
  headers: IncomingHttpHeaders,
  storedBytes: number,
  knownTotal: number | undefined,
  now: number,
): HeadVerdict {
  const detail = `HTTP ${status}`;
  if (status === 200) return planned(headers, 0, lengthOf(headers));
  if (status === 206) {
    const range = /^bytes (\d+)-\d*\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
    const rangeTotal = range?.[2] === undefined || range[2] === '*' ? undefined : Number(range[2]);
    const isRest = storedBytes > 0 && Number(range?.[1]) === storedBytes;
    const fits = isRest && (knownTotal === undefined || knownTotal === (rangeTotal ?? knownTotal));
    return fits ? planned(headers, storedBytes, rangeTotal ?? knownTotal) : fault({ reason: 'source_error', detail });
  }
  if (status === 204) return fault({ reason: 'empty_body', detail });
  if ([401, 403, 404, 410].includes(status)) return fault({ reason: 'expired', detail });
  const retryAfterMs = retryAfter(headers['retry-after'], now);
  const advice = { detail, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  // 416 rejects our Range, and the next attempt starts over. The others mean "later".
  const isTransient = [408, 416, 425, 429].includes(status);
  if (status >= 400 && status < 500 && !isTransient) return fault({ reason: 'source_refused', detail });
  return fault({ reason: 'source_error', ...advice });
}

function planned(headers: IncomingHttpHeaders, startsAt: number, totalBytes: number | undefined): HeadVerdict {
  const names = (headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  const encodings = names.map((name) => ENCODINGS.find((known) => known === name)).filter((name) => name !== undefined);
  if (encodings.length < names.length || (encodings.length > 0 && startsAt > 0)) {
    return fault({ reason: 'bad_encoding', detail: 'Content-Encoding' });
  }
  // The length of an encoded body is not the length of the recording.
  const total = encodings.length > 0 ? undefined : totalBytes;
  if (total === 0) return fault({ reason: 'empty_body', detail: 'Content-Length' });
  return { kind: 'body', plan: { startsAt, totalBytes: total, encodings: encodings.reverse() } };
}

function lengthOf(headers: IncomingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
}

/** Parses Retry-After, in seconds or as an HTTP date, to ms; `undefined` if it is neither. */
export function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function fault(value: SourceFault): HeadVerdict {
  return { kind: 'fault', fault: value };
}
