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

const says = (started: SupervisedProcess, line: string) =>
  vi.waitUntil(() => started.lastLogLines(50).includes(line), { timeout: 10_000, interval: 10 });

test('the exit code is that of the command; its output is in the log', async () => {
  const started = run('echo one; echo two >&2; exit 7');
  expect(await started.exited).toEqual({ code: 7, signal: null });
  expect(started.lastLogLines(1)).toEqual(['two']);
  expect(readFileSync(started.logFile, 'utf8')).toBe('one\ntwo\n');
});

test('stop asks by SIGTERM and lets the process end in its own way', async () => {
  const started = run('trap "echo draining; exit 0" TERM; echo up; while :; do sleep 0.05; done');
  await says(started, 'up');
  expect(await started.stop()).toEqual({ code: 0, signal: null });
  expect(started.lastLogLines(5)).toEqual(['up', 'draining']);
  expect(await started.stop()).toEqual({ code: 0, signal: null });
});

test('who does not end within the grace time is killed, with all that it started', async () => {
  const started = run('trap "" TERM; sleep 600 & echo $!; echo up; wait; sleep 600', 200);
  await says(started, 'up');
  const [grandchild = ''] = started.lastLogLines(5);
  const start = startOf(Number(grandchild));
  expect((await started.stop()).signal).toBe('SIGKILL');
  await vi.waitUntil(() => !isAlive(Number(grandchild), start));
});

test('kill does not ask', async () => {
  const started = run('trap "" TERM; echo up; while :; do sleep 0.05; done', 600_000);
  await says(started, 'up');
  expect((await started.kill()).signal).toBe('SIGKILL');
});

test('the process id is that of the command, which runs in a session of its own', async () => {
  const started = run('echo $$; exec sleep 600');
  const pid = await started.pid;
  await says(started, String(pid));
  process.kill(pid, 'SIGKILL');
  // As a shell puts it: 128 and the number of the signal.
  expect(await started.exited).toEqual({ code: 137, signal: null });
});

test('a command that is not there ends like one that fails', async () => {
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
