import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive, startOf, tryLock, type PidLock } from '../../../infra/program/pid-lock.js';
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
  writeFileSync(file, '1 1\n');
  lock.release();
  expect(existsSync(file)).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('1 1\n');
});
