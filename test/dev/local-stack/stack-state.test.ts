import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localEndpoints } from '../../../dev/local-stack/endpoints.js';
import { portPlan } from '../../../dev/local-stack/tcp-ports.js';
import { readRunning, removeRunning, writeRunning } from '../../../dev/local-stack/stack-state.js';
import { tempDir } from '../../support/temp-dir.js';

const endpoints = localEndpoints(portPlan({}), {});

test('what a live launcher said can be read, until it takes it back', () => {
  const dir = tempDir();
  expect(readRunning(dir)).toEqual({});
  writeRunning(dir, 'stack', { mode: 'native', endpoints });
  const auth = { header: 'authorization', token: 'secret' };
  writeRunning(dir, 'programs', { ingressUrl: 'http://a', processorUrl: 'http://b', auth, endpoints });
  expect(readRunning(dir)).toMatchObject({
    stack: { pid: process.pid, mode: 'native', endpoints },
    programs: { ingressUrl: 'http://a', auth },
  });
  // A token is in it.
  expect(statSync(join(dir, 'programs.json')).mode & 0o077).toBe(0);
  removeRunning(dir, 'programs');
  expect(readRunning(dir)).not.toHaveProperty('programs');
  expect(readRunning(dir)).toHaveProperty('stack');
});

test('what a launcher left that is gone does not count', () => {
  const dir = tempDir();
  writeRunning(dir, 'stack', { mode: 'native', endpoints });
  const file = join(dir, 'stack.json');
  const said = JSON.parse(readFileSync(file, 'utf8')) as object;
  // Above the highest process id that Linux gives out.
  writeFileSync(file, JSON.stringify({ ...said, pid: 4_194_305 }));
  expect(readRunning(dir)).toEqual({});
  writeFileSync(file, 'not JSON');
  expect(readRunning(dir)).toEqual({});
});
