import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { cpuMs, processTree, residentMemoryMiB, runTimeMs, treeCpuMs } from '../../lab/process-usage.js';

test('run time grows with the work that the process itself counts', () => {
  const [before, ownBefore] = [runTimeMs(process.pid), process.cpuUsage()];
  let sum = 0;
  for (let i = 0; process.cpuUsage(ownBefore).user < 100_000; i += 1) sum += Math.sqrt(i);
  expect(sum).toBeGreaterThan(0);
  expect(runTimeMs(process.pid) - before).toBeGreaterThan(50);
  expect(residentMemoryMiB(process.pid)).toBeGreaterThan(10);
});

test('a process tree contains the children of a process while they run', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  expect(processTree(process.pid)).toContain(child.pid);
  expect(treeCpuMs(process.pid)).toBeGreaterThanOrEqual(cpuMs(process.pid));
  child.kill();
  await once(child, 'exit');
  expect(processTree(process.pid)).not.toContain(child.pid);
});
