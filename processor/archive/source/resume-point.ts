import type { IncomingHttpHeaders } from 'node:http';
import type { ResumePoint } from '../recording/resume.js';

/**
 * The point from which a later attempt can continue; `undefined` if the source offers none and the next attempt must start over.
 * Weak validators do not guarantee equal bytes, so they do not count (RFC 9110, sections 13.1.5 and 8.8.2.2).
 */
export function resumePoint(headers: IncomingHttpHeaders, totalBytes: number | undefined): ResumePoint | undefined {
  if (headers['accept-ranges'] === 'none') return undefined;
  const validator = strongEtag(headers.etag) ?? strongDate(headers['last-modified'], headers.date);
  return validator === undefined ? undefined : { validator, totalBytes };
}

/** @param storedBytes bytes that are on disk already. */
export function resumeHeaders(point: ResumePoint, storedBytes: number): Record<string, string> {
  return { range: `bytes=${storedBytes}-`, 'if-range': point.validator };
}

function strongEtag(etag: string | undefined): string | undefined {
  return etag !== undefined && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(etag) ? etag : undefined;
}

/** A date has a resolution of one second: it is a strong validator if that second was over when the response was made. */
function strongDate(lastModified: string | undefined, date: string | undefined): string | undefined {
  if (lastModified === undefined || date === undefined) return undefined;
  return Date.parse(date) - Date.parse(lastModified) >= 1_000 ? lastModified : undefined;
}
