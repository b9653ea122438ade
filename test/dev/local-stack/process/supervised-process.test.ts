import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { isAlive, startOf } from '../../../../infra/program/pid-lock.js';
import { supervise, type SupervisedProcess } from '../../../../dev/local-stack/process/supervised-process.js';
import { tempDir } from '../../../support/temp-dir.js';

function run(script: string, graceMs = 5_000): SupervisedProcess {
  const started = supervise({
    name: 'fake',
    command: ['sh', '-c', script],
    env: { PATH: process.env.PATH },
    logFile: join(tempDir(), 'logs', 'fake.log'),
    graceMs,
  });
  onTestFinished(async () => {
    await started.kill();
  });
  return started;
}

const logged = (started: SupervisedProcess, line: string) =>
  vi.waitUntil(() => started.lastLogLines(50).includes(line), { timeout: 10_000, interval: 10 });

test('returns the exit code of the command and logs its output', async () => {
  const started = run('echo one; echo two >&2; exit 7');
  expect(await started.exited).toEqual({ code: 7, signal: null });
  expect(started.lastLogLines(1)).toEqual(['two']);
  expect(readFileSync(started.logFile, 'utf8')).toBe('one\ntwo\n');
});

test('stop sends SIGTERM and lets the process drain', async () => {
  const started = run('trap "echo draining; exit 0" TERM; echo up; while :; do sleep 0.05; done');
  await logged(started, 'up');
  expect(await started.stop()).toEqual({ code: 0, signal: null });
  expect(started.lastLogLines(5)).toEqual(['up', 'draining']);
  expect(await started.stop()).toEqual({ code: 0, signal: null });
});

test('kills a process that does not end within the grace time, with everything it started', async () => {
  const started = run('trap "" TERM; sleep 600 & echo $!; echo up; wait; sleep 600', 200);
  await logged(started, 'up');
  const [grandchild = ''] = started.lastLogLines(5);
  const start = startOf(Number(grandchild));
  expect((await started.stop()).signal).toBe('SIGKILL');
  await vi.waitUntil(() => !isAlive(Number(grandchild), start));
});

test('kill sends SIGKILL at once', async () => {
  const started = run('trap "" TERM; echo up; while :; do sleep 0.05; done', 600_000);
  await logged(started, 'up');
  expect((await started.kill()).signal).toBe('SIGKILL');
});

test('tells the process id of the command itself', async () => {
  const started = run('echo $$; exec sleep 600');
  const pid = await started.pid;
  await logged(started, String(pid));
  process.kill(pid, 'SIGKILL');
  // As a shell reports it: 128 plus the number of the signal.
  expect(await started.exited).toEqual({ code: 137, signal: null });
});

test('a missing command ends like one that fails', async () => {
  const started = supervise({
    name: 'fake',
    command: ['/no/such/program'],
    env: { PATH: process.env.PATH },
    logFile: join(tempDir(), 'fake.log'),
    graceMs: 1_000,
  });
  expect((await started.exited).code).toBe(127);
  expect(started.lastLogLines(1)[0]).toContain('/no/such/program');
});
