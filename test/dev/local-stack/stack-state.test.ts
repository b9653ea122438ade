import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localEndpoints } from '../../../dev/local-stack/endpoints.js';
import { portPlan } from '../../../dev/local-stack/tcp-ports.js';
import { readRunning, removeRunning, writeRunning } from '../../../dev/local-stack/stack-state.js';
import { tempDir } from '../../support/temp-dir.js';

const endpoints = localEndpoints(portPlan({}), {});

test('the announcement of a live launcher can be read until it is withdrawn', () => {
  const dir = tempDir();
  expect(readRunning(dir)).toEqual({});
  writeRunning(dir, 'stack', { mode: 'native', endpoints });
  const auth = { header: 'authorization', token: 'secret' };
  writeRunning(dir, 'programs', { ingressUrl: 'http://a', processorUrl: 'http://b', auth, endpoints });
  expect(readRunning(dir)).toMatchObject({
    stack: { pid: process.pid, mode: 'native', endpoints },
    programs: { ingressUrl: 'http://a', auth },
  });
  // It contains a token.
  expect(statSync(join(dir, 'programs.json')).mode & 0o077).toBe(0);
  removeRunning(dir, 'programs');
  expect(readRunning(dir)).not.toHaveProperty('programs');
  expect(readRunning(dir)).toHaveProperty('stack');
});

test('the announcement of a dead launcher is ignored', () => {
  const dir = tempDir();
  writeRunning(dir, 'stack', { mode: 'native', endpoints });
  const file = join(dir, 'stack.json');
  const announced = JSON.parse(readFileSync(file, 'utf8')) as object;
  // Above the highest process id of Linux.
  writeFileSync(file, JSON.stringify({ ...announced, pid: 4_194_305 }));
  expect(readRunning(dir)).toEqual({});
  writeFileSync(file, 'not JSON');
  expect(readRunning(dir)).toEqual({});
});
