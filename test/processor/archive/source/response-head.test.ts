import { describe, expect, it } from 'vitest';
import { judgeHead, retryAfter } from '../../../../processor/archive/source/response-head.js';
import { resumePoint } from '../../../../processor/archive/source/resume-point.js';

const NOW = Date.parse('2026-05-03T08:00:00Z');
const judge = (status: number, headers = {}, storedBytes = 0, total?: number) =>
  judgeHead(status, headers, storedBytes, total, NOW);

describe('judgeHead', () => {
  it('accepts a whole body', () => {
    expect(judge(200, { 'content-length': '12' })).toEqual({
      kind: 'body',
      plan: { startsAt: 0, totalBytes: 12, encodings: [] },
    });
  });

  it('accepts the rest of a body, but only the requested rest', () => {
    expect(judge(206, { 'content-range': 'bytes 5-11/12' }, 5, 12)).toMatchObject({
      plan: { startsAt: 5, totalBytes: 12 },
    });
    expect(judge(206, { 'content-range': 'bytes 5-11/*' }, 5, 12)).toMatchObject({ plan: { totalBytes: 12 } });
    for (const range of ['bytes 4-11/12', 'bytes 5-11/13', 'bytes */12', 'items 5-11/12', undefined]) {
      expect(judge(206, { 'content-range': range }, 5, 12)).toMatchObject({ fault: { reason: 'source_error' } });
    }
    expect(judge(206, { 'content-range': 'bytes 0-11/12' })).toMatchObject({ fault: { reason: 'source_error' } });
  });

  it('starts over if the source ignores the range', () => {
    expect(judge(200, { 'content-length': '12' }, 5, 12)).toMatchObject({ plan: { startsAt: 0, totalBytes: 12 } });
  });

  it('decodes codings in reverse order and ignores the encoded length', () => {
    expect(judge(200, { 'content-length': '12', 'content-encoding': 'deflate, gzip, identity' })).toMatchObject({
      plan: { totalBytes: undefined, encodings: ['gzip', 'deflate'] },
    });
    expect(judge(200, { 'content-encoding': 'zstd' })).toMatchObject({ fault: { reason: 'bad_encoding' } });
    expect(judge(206, { 'content-encoding': 'gzip', 'content-range': 'bytes 5-11/12' }, 5)).toMatchObject({
      fault: { reason: 'bad_encoding' },
    });
  });

  it.each([
    [204, 'empty_body'],
    [400, 'source_refused'],
    [401, 'expired'],
    [403, 'expired'],
    [404, 'expired'],
    [410, 'expired'],
    [451, 'source_refused'],
    [408, 'source_error'],
    [416, 'source_error'],
    [425, 'source_error'],
    [429, 'source_error'],
    [500, 'source_error'],
    [503, 'source_error'],
    [304, 'source_error'],
    [0, 'source_error'],
  ])('maps %i to %s', (status, reason) => {
    expect(judge(status)).toMatchObject({ kind: 'fault', fault: { reason } });
  });

  it('passes on Retry-After', () => {
    expect(judge(429, { 'retry-after': '7' })).toMatchObject({ fault: { retryAfterMs: 7_000 } });
    expect(retryAfter('Sun, 03 May 2026 08:00:30 GMT', NOW)).toBe(30_000);
    expect(retryAfter('Sun, 03 May 2026 07:00:00 GMT', NOW)).toBe(0);
    expect(retryAfter('soon', NOW)).toBeUndefined();
  });
});

describe('resumePoint', () => {
  it('is a strong ETag, or else a strong date', () => {
    const old = { 'last-modified': 'Sun, 03 May 2026 07:59:00 GMT', date: 'Sun, 03 May 2026 08:00:00 GMT' };
    expect(resumePoint({ etag: '"v1"', ...old }, 12)).toEqual({ validator: '"v1"', totalBytes: 12 });
    expect(resumePoint({ etag: 'W/"v1"', ...old }, 12)?.validator).toBe(old['last-modified']);
  });

  it.each([
    [{}],
    [{ etag: 'W/"v1"' }],
    [{ etag: 'v1' }],
    [{ etag: '"v1"', 'accept-ranges': 'none' }],
    [{ 'last-modified': 'Sun, 03 May 2026 08:00:00 GMT', date: 'Sun, 03 May 2026 08:00:00 GMT' }],
    [{ 'last-modified': 'Sun, 03 May 2026 08:00:00 GMT' }],
    [{ 'last-modified': 'nonsense', date: 'Sun, 03 May 2026 08:00:00 GMT' }],
  ])('is undefined for %j', (headers) => {
    expect(resumePoint(headers, 12)).toBeUndefined();
  });
});
