import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { localEndpoints } from '../../../dev/local-stack/endpoints.js';
import { claimPrograms, programsLockFile } from '../../../dev/local-stack/lock/programs-lock.js';
import { obtainSystem, startSystem } from '../../../dev/local-stack/system.js';
import { portPlan } from '../../../dev/local-stack/tcp-ports.js';
import { startOf } from '../../../infra/program/pid-lock.js';
import { tempDir } from '../../support/temp-dir.js';

/** Stops a start before it starts anything. */
const BROKEN = { STACK: 'podman' };

function optionsFor(dir: string, env: Record<string, string> = BROKEN) {
  const lines: string[] = [];
  return { lines, options: { dir, env, portBase: 'free' as const, log: (line: string) => void lines.push(line) } };
}

/** An `npm start` that is starting in `dir`. Its process id is that of a child of this test. */
function startingLauncher(dir: string) {
  const child = spawn('sleep', ['600']);
  onTestFinished(() => void child.kill('SIGKILL'));
  const pid = child.pid ?? 0;
  writeFileSync(programsLockFile(dir), `${pid} ${startOf(pid)}\n`);
  const ingressUrl = 'http://127.0.0.1:21010';
  const endpoints = localEndpoints(portPlan({}), {});
  const announced = { pid, start: startOf(pid), ingressUrl, processorUrl: 'http://127.0.0.1:21011', endpoints };
  const announce = () => writeFileSync(join(dir, 'programs.json'), JSON.stringify(announced));
  return { child, pid, ingressUrl, announce };
}

test('a demo waits for the ingress and processor of an npm start', { timeout: 20_000 }, async () => {
  const dir = tempDir();
  const launcher = startingLauncher(dir);
  const { lines, options } = optionsFor(dir);
  const obtaining = obtainSystem(options);
  await expect.poll(() => lines[0], { timeout: 10_000 }).toMatch(/^waiting for ingress and processor, which process/);
  launcher.announce();
  const system = await obtaining;
  expect(system.ingressUrl).toBe(launcher.ingressUrl);
  await system.stop();
});

test('a demo starts its own ingress and processor when the npm start that it waits for dies', async () => {
  const dir = tempDir();
  const launcher = startingLauncher(dir);
  const obtaining = obtainSystem(optionsFor(dir).options);
  launcher.child.kill('SIGKILL');
  await expect(obtaining).rejects.toThrow('STACK must be');
});

test('an aborted wait ends with the reason', async () => {
  const dir = tempDir();
  startingLauncher(dir);
  const stopping = new AbortController();
  const obtaining = obtainSystem({ ...optionsFor(dir).options, signal: stopping.signal });
  stopping.abort(new Error('stopped by the user'));
  await expect(obtaining).rejects.toThrow('stopped by the user');
});

test('a second npm start in the same folder is an error in one line, whether the first is starting or running', async () => {
  const dir = tempDir();
  const launcher = startingLauncher(dir);
  const { options } = optionsFor(dir);
  await expect(startSystem(options)).rejects.toThrow(
    `process ${launcher.pid} is already starting ingress and processor in ${dir}`,
  );
  launcher.announce();
  await expect(startSystem(options)).rejects.toThrow(
    `process ${launcher.pid} already runs ingress and processor in ${dir}, the ingress at ${launcher.ingressUrl}`,
  );
});

test('a claim is used by the start of the same process, and freed when that fails', async () => {
  const dir = tempDir();
  claimPrograms(dir);
  const { options } = optionsFor(dir);
  await expect(startSystem(options)).rejects.toThrow('STACK must be');
  await expect(startSystem(options)).rejects.toThrow('STACK must be');
});
