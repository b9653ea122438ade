import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { readSessionKey, sessionKeyBound, writeSessionKey } from '../../../../processor/join/state/session-key.js';

// The number of runs bounds each test. A time limit would only measure the load of the machine.
vi.setConfig({ testTimeout: 0 });

const keyOf = (sessionId: string): Buffer => {
  const target = Buffer.alloc(sessionKeyBound(sessionId));
  return target.subarray(0, writeSessionKey(target, sessionId));
};
const UUID = '2c4f9a13-8b6e-4d31-9a57-1f0f0c2b7e11';

it('packs a UUID in the form that the sender writes, and nothing else', () => {
  expect(keyOf(UUID)).toHaveLength(17);
  for (const id of [
    UUID.toUpperCase(),
    UUID.replaceAll('-', ''),
    UUID.replace('-', '0'),
    UUID.replace('2', 'g'),
    UUID.slice(1),
  ]) {
    expect(keyOf(id).toString()).toBe(id);
  }
  expect(keyOf(UUID.replace('2', 'é')).toString()).toBe(UUID.replace('2', 'é'));
});

it('returns every session id unchanged, and gives no two ids the same key', () => {
  const nearly = fc
    .tuple(fc.uuid(), fc.integer({ min: 0, max: 35 }), fc.constantFrom('-', 'A', 'f', '0', 'é', 'g'))
    .map(([uuid, at, character]) => uuid.slice(0, at) + character + uuid.slice(at + 1));
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 256 }).filter((id) => !/\p{C}/u.test(id));
  const sessionId = fc.oneof(fc.uuid(), nearly, text);
  fc.assert(
    fc.property(sessionId, sessionId, (a, b) => {
      const key = keyOf(a);
      expect(readSessionKey(Buffer.concat([key, Buffer.from('the state behind it')]), key.length)).toBe(a);
      expect(key.equals(keyOf(b))).toBe(a === b);
    }),
    { numRuns: 2_000 },
  );
});
