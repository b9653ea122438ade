import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { HEARTBEAT_MS, SILENCE_MS } from '../../../infra/program/lock-heartbeat.js';
import { isAlive, startOf, tryLock, type PidLock } from '../../../infra/program/pid-lock.js';
import { processScope } from '../../../infra/program/process-scope.js';
import { ManualClock } from '../../support/manual-clock.js';
import { tempDir } from '../../support/temp-dir.js';

test('has one holder at a time and tells others who it is', () => {
  const file = join(tempDir(), 'sub', 'lock');
  const lock = tryLock(file) as PidLock;
  expect(tryLock(file)).toEqual({ holder: process.pid });
  lock.release();
  expect(tryLock(file)).toHaveProperty('release');
});

test('is free once its holder has ended, and leaves no other file', async () => {
  const dir = tempDir();
  const file = join(dir, 'lock');
  const child = spawn('sleep', ['60']);
  onTestFinished(() => void child.kill('SIGKILL'));
  const holder = `${child.pid ?? 0} ${startOf(child.pid ?? 0)}\n`;
  writeFileSync(file, holder);
  expect(tryLock(file)).toEqual({ holder: child.pid });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(tryLock(file)).toHaveProperty('release');
  expect(readdirSync(dir)).toEqual(['lock']);
});

test('is not held by another process that got the same id', () => {
  const file = join(tempDir(), 'lock');
  writeFileSync(file, `${process.pid} 1\n`);
  expect(isAlive(process.pid, startOf(process.pid))).toBe(true);
  expect(isAlive(process.pid, '1')).toBe(process.platform !== 'linux');
  if (process.platform === 'linux') expect(tryLock(file)).toHaveProperty('release');
});

test('does not release the lock of another holder', () => {
  const file = join(tempDir(), 'lock');
  const lock = tryLock(file) as PidLock;
  expect(lock.isHeld()).toBe(true);
  writeFileSync(file, '1 1\n');
  lock.release();
  expect(existsSync(file)).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('1 1\n');
});

test('is not held by this process because the file shows its id and start time', () => {
  const file = join(tempDir(), 'lock');
  const own = `${process.pid} ${startOf(process.pid)}`;
  // By an earlier version, and by another copy of the volume in the same scope.
  for (const content of [`${own}\n`, `${own} ${processScope()} a-token-of-somebody-else\n`]) {
    writeFileSync(file, content);
    const lock = tryLock(file) as PidLock;
    expect(lock).toHaveProperty('release');
    lock.release();
  }
});

test('reports a file that cannot be a lock instead of trying forever', () => {
  const file = join(tempDir(), 'lock');
  mkdirSync(file);
  expect(() => tryLock(file)).toThrow('EISDIR');
});

describe('a holder in another container or on another host', () => {
  const elsewhere = (token: string): string => `1 42 another-boot:4026531836 ${token}\n`;
  const clock = () => new ManualClock(Date.now());

  test('holds the lock as long as its heartbeat continues, whatever its clock says', async () => {
    const file = join(tempDir(), 'lock');
    writeFileSync(file, elsewhere('alive'));
    const time = clock();
    for (let beat = 0; beat < 20; beat += 1) {
      // A minute behind this host.
      utimesSync(file, beat, Date.now() / 1_000 - 60 + beat);
      expect(tryLock(file, time)).toMatchObject({ holder: 1 });
      await time.advance(HEARTBEAT_MS);
    }
  });

  test('loses the lock once it was silent while this process watched', async () => {
    const file = join(tempDir(), 'lock');
    writeFileSync(file, elsewhere('dead'));
    const time = clock();
    expect(tryLock(file, time)).toEqual({ holder: 1, elsewhere: { freeInMs: SILENCE_MS } });
    await time.advance(SILENCE_MS - 1);
    expect(tryLock(file, time)).toEqual({ holder: 1, elsewhere: { freeInMs: 1 } });
    await time.advance(1);
    expect(tryLock(file, time)).toHaveProperty('release');
  });

  test('has lost the lock if its last heartbeat is old, as in a restored volume', () => {
    const file = join(tempDir(), 'lock');
    writeFileSync(file, elsewhere('restored'));
    utimesSync(file, 0, Date.now() / 1_000 - 3_600);
    expect(tryLock(file)).toHaveProperty('release');
  });

  test('is watched anew when it has another token', async () => {
    const file = join(tempDir(), 'lock');
    const time = clock();
    writeFileSync(file, elsewhere('first'));
    tryLock(file, time);
    await time.advance(SILENCE_MS);
    writeFileSync(file, elsewhere('second'));
    expect(tryLock(file, time)).toEqual({ holder: 1, elsewhere: { freeInMs: SILENCE_MS } });
  });
});

test('refreshes the file while it is held', async () => {
  const file = join(tempDir(), 'lock');
  const time = new ManualClock(Date.now() + 3_600_000);
  const lock = tryLock(file, time) as PidLock;
  await time.advance(HEARTBEAT_MS);
  await vi.waitUntil(() => Math.abs(statSync(file).mtimeMs - time.now()) < 2, { timeout: 20_000 });
  lock.release();
  expect(existsSync(file)).toBe(false);
});

test('tells a holder that was silent for too long that another process has taken over', () => {
  const file = join(tempDir(), 'lock');
  const time = new ManualClock(Date.now());
  const lock = tryLock(file, time) as PidLock;
  time.pause(SILENCE_MS);
  expect(lock.isHeld()).toBe(true);
  writeFileSync(file, '1 42 another-boot:4026531836 taken\n');
  expect(lock.isHeld()).toBe(false);
  lock.release();
  expect(readFileSync(file, 'utf8')).toContain('taken');
});
