import { describe, expect, it } from 'vitest';
import { hunt } from '../../../soak/mutations/hunt.js';
import { plant } from '../../../soak/mutations/mutated-build.js';
import { MUTATIONS } from '../../../soak/mutations/mutations.js';

const SEED = 1;
const SCHEDULES = 3_000;

describe('the simulation finds', () => {
  it.each(MUTATIONS)('$name', async (mutation) => {
    const { broken } = await hunt(mutation, SEED, SCHEDULES);
    expect(broken?.violations).not.toHaveLength(0);
  });

  it('nothing in the source as it is', async () => {
    expect(await hunt(undefined, SEED, SCHEDULES)).toMatchObject({ schedules: SCHEDULES });
  });
});

it('a bug whose place is gone, or is not the only one, is not planted', () => {
  const mutation = { name: 'a bug', file: 'a.ts', edits: [{ find: 'x', replace: 'y' }] };
  expect(plant('a x b', mutation)).toBe('a y b');
  expect(() => plant('a b', mutation)).toThrow('"a bug": found 0 times in a.ts');
  expect(() => plant('x x', mutation)).toThrow('"a bug": found 2 times in a.ts');
});
