import type { IncomingHttpHeaders } from 'node:http';
import type { SourceFault } from './source-fault.js';

/** What the head of an answer says of a body that can be taken. */
export type BodyPlan = {
  /** Where the body goes on in the recording; 0 is a start anew. */
  readonly startsAt: number;
  /** Bytes of the whole recording; `undefined` if the source does not say. */
  readonly totalBytes: number | undefined;
  /** Content codings to undo, the outermost first. */
  readonly encodings: readonly Encoding[];
};

const ENCODINGS = ['gzip', 'x-gzip', 'deflate', 'br'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export type HeadVerdict =
  { readonly kind: 'body'; readonly plan: BodyPlan } | { readonly kind: 'fault'; readonly fault: SourceFault };

/**
 * Judges the head of an answer that is no redirect.
 * @param have bytes that are there already and were left out by a Range header; 0 if the whole was asked for.
 * @param total bytes of the whole as an earlier answer told.
 * @param now for a Retry-After that is a date (ms).
 */
export function judgeHead(
  status: number,
  headers: IncomingHttpHeaders,
  have: number,
  total: number | undefined,
  now: number,
): HeadVerdict {
  const detail = `HTTP ${status}`;
  if (status === 200) return planned(headers, 0, lengthOf(headers));
  if (status === 206) {
    const range = /^bytes (\d+)-\d*\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
    const rangeTotal = range?.[2] === undefined || range[2] === '*' ? undefined : Number(range[2]);
    const fits = have > 0 && Number(range?.[1]) === have && (total === undefined || total === (rangeTotal ?? total));
    return fits ? planned(headers, have, rangeTotal ?? total) : fault({ reason: 'source_error', detail });
  }
  if (status === 204) return fault({ reason: 'empty_body', detail });
  if ([401, 403, 404, 410].includes(status)) return fault({ reason: 'expired', detail });
  const retryAfterMs = retryAfter(headers['retry-after'], now);
  const advice = { detail, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  // 416 is about our Range: the next try starts anew. The others say "later".
  const passing = [408, 416, 425, 429].includes(status);
  if (status >= 400 && status < 500 && !passing) return fault({ reason: 'source_refused', detail });
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
  // The length of an encoded body is not that of the recording.
  const total = encodings.length > 0 ? undefined : totalBytes;
  if (total === 0) return fault({ reason: 'empty_body', detail: 'Content-Length' });
  return { kind: 'body', plan: { startsAt, totalBytes: total, encodings: encodings.reverse() } };
}

function lengthOf(headers: IncomingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
}

/** Retry-After in ms, as seconds or as an HTTP date; `undefined` if it is neither. */
export function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function fault(what: SourceFault): HeadVerdict {
  return { kind: 'fault', fault: what };
}
