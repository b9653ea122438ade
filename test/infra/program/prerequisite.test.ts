import { pino } from 'pino';
import { expect, it } from 'vitest';
import { Prerequisite } from '../../../infra/program/prerequisite.js';
import { ManualClock } from '../../support/manual-clock.js';

function harness(attempts: (() => string)[]) {
  const lines: { level: number; msg: string }[] = [];
  const logger = pino(
    { level: 'info' },
    { write: (line: string) => lines.push(JSON.parse(line) as (typeof lines)[0]) },
  );
  const clock = new ManualClock();
  let tried = 0;
  const prerequisite = new Prerequisite({
    name: 'topics',
    logger,
    clock,
    attempt: async () => Promise.resolve((attempts[Math.min(tried++, attempts.length - 1)] as () => string)()),
  });
  return { prerequisite, clock, lines, tried: () => tried };
}

const fail = (message: string) => (): never => {
  throw new Error(message);
};

it('is tried until it is there, and tells why it is not there yet', async () => {
  const { prerequisite, clock, lines } = harness([
    fail('no Create on Topic x'),
    fail('no Create on Topic x'),
    () => 'ok',
  ]);
  const obtained = prerequisite.obtain();
  await clock.advance(0);
  expect(prerequisite.fault).toBe('no Create on Topic x');
  await clock.advance(60_000);
  expect(await obtained).toBe('ok');
  expect(prerequisite.fault).toBeUndefined();
  expect(lines.map(({ msg }) => msg)).toEqual(['topics not ready, retrying: no Create on Topic x', 'topics ready']);
});

it('logs another fault at once, and the same one again after a minute', async () => {
  const { prerequisite, clock, lines } = harness([fail('a'), fail('b')]);
  void prerequisite.obtain();
  await clock.advance(0);
  await clock.advance(50_000);
  expect(lines.map(({ msg }) => msg)).toEqual(['topics not ready, retrying: a', 'topics not ready, retrying: b']);
  await clock.advance(60_000);
  expect(lines).toHaveLength(3);
  prerequisite.stop();
});

it('ends its attempts when stopped', async () => {
  const { prerequisite, clock, tried } = harness([fail('a')]);
  const obtained = prerequisite.obtain();
  await clock.advance(10_000);
  prerequisite.stop();
  expect(await obtained).toBeUndefined();
  const before = tried();
  await clock.advance(100_000);
  expect(tried()).toBe(before);
});
