import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeHeaderValue, encodeId, objectStem } from '../../../../processor/archive/recording/object-key.js';

const APPENDED = Date.parse('2026-07-01T12:00:00Z');
const dateOf = (timestamp: string) => objectStem('p', 's', timestamp, APPENDED).slice(2, 12);

describe('objectStem', () => {
  it('consists of project, UTC date and session', () => {
    expect(objectStem('proj-1', '2c4f9a13-8b6e', '2026-05-03T08:42:11.512Z', APPENDED)).toBe(
      'proj-1/2026/05/03/2c4f9a13-8b6e.',
    );
  });

  it.each([
    ['2026-12-31T23:30:00-01:00', '2027/01/01'],
    ['2026-01-01T00:30:00+01:00', '2025/12/31'],
    ['2026-01-01T00:30:00+0100', '2025/12/31'],
    ['2026-01-01T00:30+01', '2025/12/31'],
    ['2026-06-30T23:59:60Z', '2026/06/30'],
    ['2026-06-30T10:00:00,123Z', '2026/06/30'],
    ['2026-06-30T10:00Z', '2026/06/30'],
  ])('uses the UTC date of %s', (timestamp, date) => {
    expect(dateOf(timestamp)).toBe(date);
  });

  it.each(['yesterday', '', '0000-01-01T00:00:00+05:00', '2026-13-01T00:00:00Z'])(
    'uses the time of the log instead of the timestamp "%s"',
    (timestamp) => {
      expect(dateOf(timestamp)).toBe('2026/07/01');
    },
  );
});

describe('encodeId', () => {
  it.each([
    ['a/b', 'a%2Fb'],
    ['..', '%2E%2E'],
    ['.', '%2E'],
    ['...', '%2E%2E%2E'],
    ['.hidden', '.hidden'],
    ['a b+c%', 'a%20b%2Bc%25'],
    ['a\\b', 'a%5Cb'],
    ['通話', '%E9%80%9A%E8%A9%B1'],
    ['half \ud800', 'half%20%EF%BF%BD'],
  ])('encodes %j', (id, encoded) => {
    expect(encodeId(id)).toBe(encoded);
  });

  it('cuts ids that no file system can hold, and keeps different ids apart', () => {
    const [one, other] = ['話'.repeat(255) + 'a', '話'.repeat(255) + 'b'].map(encodeId);
    expect(one?.length).toBeLessThanOrEqual(240);
    expect(one).not.toBe(other);
    expect(() => decodeURIComponent(one ?? '')).not.toThrow();
  });

  it('never contains a slash, never names a folder, and is deterministic', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' }), (id) => {
        const encoded = encodeId(id);
        expect(encoded).toMatch(/^[A-Za-z0-9_.!~*'()%-]{1,240}$/);
        expect(encoded).not.toMatch(/^\.+$/);
        expect(encodeId(id)).toBe(encoded);
      }),
    );
  });
});

describe('encodeHeaderValue', () => {
  it('keeps characters that a header can carry', () => {
    expect(encodeHeaderValue('2c4f9a13-8b6e-4d31-9a57-1f0f0c2b7e11')).toBe('2c4f9a13-8b6e-4d31-9a57-1f0f0c2b7e11');
    expect(encodeHeaderValue('a/b c')).toBe('a/b c');
  });

  it('is reversible, and printable ASCII without spaces at either end', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 256, unit: 'grapheme' }), (id) => {
        const value = encodeHeaderValue(id);
        expect(value).toMatch(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/);
        expect(decodeURIComponent(value)).toBe(id);
      }),
    );
  });
});
