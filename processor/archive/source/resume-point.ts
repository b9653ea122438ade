import type { IncomingHttpHeaders } from 'node:http';

/** What is needed to go on with a download that was cut. */
export type ResumePoint = {
  /** For If-Range: the source answers with the rest only if the recording is still the same. */
  readonly validator: string;
  readonly totalBytes: number | undefined;
};

/**
 * The point that an answer leaves for a later try; `undefined` when the source offers none, and the next try must start anew.
 * Weak validators do not tell byte-equal from alike, so they do not count (RFC 9110, sections 13.1.5 and 8.8.2.2).
 */
export function resumePoint(headers: IncomingHttpHeaders, totalBytes: number | undefined): ResumePoint | undefined {
  if (headers['accept-ranges'] === 'none') return undefined;
  const validator = strongEtag(headers.etag) ?? strongDate(headers['last-modified'], headers.date);
  return validator === undefined ? undefined : { validator, totalBytes };
}

export function resumeHeaders(point: ResumePoint, have: number): Record<string, string> {
  return { range: `bytes=${have}-`, 'if-range': point.validator };
}

function strongEtag(etag: string | undefined): string | undefined {
  return etag !== undefined && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(etag) ? etag : undefined;
}

/** A date of one-second steps is strong once that second was over when the answer was made. */
function strongDate(lastModified: string | undefined, date: string | undefined): string | undefined {
  if (lastModified === undefined || date === undefined) return undefined;
  return Date.parse(date) - Date.parse(lastModified) >= 1_000 ? lastModified : undefined;
}
