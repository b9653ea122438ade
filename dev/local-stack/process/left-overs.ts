import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, systemClock } from '../../../infra/async/clock.js';
import { isAlive, startOf } from '../../../infra/program/pid-lock.js';
import { withProgress, type Log } from '../progress.js';
import type { SupervisedProcess } from './supervised-process.js';

/** Owner of the processes: the stack, or ingress and processor. */
export type Owner = 'services' | 'programs';

/** Longest time that a supervisor gives its process to end. */
const MAX_GRACE_MS = 35_000;
const POLL_MS = 100;

/** Records a process that was started in `dir`, for the launcher that follows if this one is killed with SIGKILL. */
export async function remember(dir: string, owner: Owner, started: SupervisedProcess): Promise<void> {
  const pid = await started.pid.catch(() => undefined);
  if (pid !== undefined) appendFileSync(file(dir, owner), `${pid} ${startOf(pid)}\n`);
}

/**
 * Waits until the processes of a killed launcher have ended, then forgets them. Their supervisors are ending them, but until
 * then they hold ports and data. Call it before starting any process of the same kind.
 */
export async function untilLeftOversEnd(dir: string, owner: Owner, log: Log, signal?: AbortSignal): Promise<void> {
  const end = performance.now() + MAX_GRACE_MS;
  await withProgress(log, `waiting for the ${owner} of a killed launcher to end`, async () => {
    while (remembered(dir, owner).some(([pid, start]) => isAlive(pid, start)) && performance.now() < end) {
      await sleep(systemClock, POLL_MS, signal);
      signal?.throwIfAborted();
    }
  });
  forget(dir, owner);
}

/** Call it once the processes have ended. */
export function forget(dir: string, owner: Owner): void {
  rmSync(file(dir, owner), { force: true });
}

function remembered(dir: string, owner: Owner): [number, string][] {
  try {
    const lines = readFileSync(file(dir, owner), 'utf8').trim().split('\n');
    return lines.map((line) => [Number(line.split(' ')[0]), line.split(' ')[1] ?? '']);
  } catch {
    return [];
  }
}

function file(dir: string, owner: Owner): string {
  return join(dir, `${owner}.pids`);
}
