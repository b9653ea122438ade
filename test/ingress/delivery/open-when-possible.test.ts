import { expect, it } from 'vitest';
import { openWhenPossible } from '../../../ingress/delivery/open-when-possible.js';
import { NewerSpoolError } from '../../../infra/spool/segment-files.js';
import { ManualClock } from '../../support/manual-clock.js';
import { recordingLogger } from '../spool/spool-harness.js';

const failure = (code: string): Error => Object.assign(new Error(`${code}: no`), { code });

async function openWith(outcomes: readonly (Error | 'opens')[]) {
  const { logger, lines } = recordingLogger();
  const clock = new ManualClock();
  const stopping = new AbortController();
  const faults: string[] = [];
  const opened: number[] = [];
  let attempts = 0;
  await openWhenPossible({
    root: '/the/spool',
    open: () => {
      const outcome = outcomes[Math.min(attempts, outcomes.length - 1)];
      attempts += 1;
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(attempts);
    },
    onOpen: (attempt) => opened.push(attempt),
    onFault: (fault) => faults.push(fault),
    logger,
    clock,
    stopped: stopping.signal,
  });
  return { lines, clock, stopping, faults, opened, attempts: () => attempts };
}

it.each([
  ['EROFS', 'the file system is read-only', 'mount the volume writable'],
  ['EACCES', 'no permission', 'read and write permission'],
  ['ENOSPC', 'the disk is full', 'free space'],
  ['ENOTDIR', 'in the way', 'remove or rename it'],
  ['EIO', 'the disk fails', 'check the disk'],
])('retries after %s without end, and says once what to do', async (code, fault, fix) => {
  const run = await openWith([failure(code)]);
  await run.clock.advance(600_000);
  expect(run.attempts()).toBeGreaterThan(100);
  expect(run.opened).toEqual([]);
  expect(run.lines).toMatchObject([
    {
      level: 50,
      dir: '/the/spool',
      fault: expect.stringContaining(fault) as string,
      fix: expect.stringContaining(fix) as string,
    },
  ]);
  run.stopping.abort();
  const attempts = run.attempts();
  await run.clock.advance(600_000);
  expect(run.attempts()).toBe(attempts);
});

it('leaves the files of a newer program alone, and reports them', async () => {
  const run = await openWith([new NewerSpoolError('x.spool has spool format version 2')]);
  expect(run.faults).toEqual(['x.spool has spool format version 2']);
  expect(run.lines).toMatchObject([{ level: 50, fix: expect.stringContaining('newer program') as string }]);
  run.stopping.abort();
});

it('logs each change of the reason, and opens as soon as the folder is usable', async () => {
  const run = await openWith([failure('EROFS'), failure('EROFS'), failure('ENOSPC'), failure('EDQUOT'), 'opens']);
  await run.clock.advance(60_000);
  expect(run.opened).toEqual([5]);
  expect(run.lines.map(({ msg, fault }) => fault ?? msg)).toEqual([
    'the file system is read-only',
    'the disk is full',
    'spool available',
  ]);
});
