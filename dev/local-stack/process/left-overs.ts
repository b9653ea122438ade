import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, systemClock } from '../../../infra/async/clock.js';
import { isAlive, startOf } from '../../../infra/program/pid-lock.js';
import { withProgress, type Log } from '../progress.js';
import type { SupervisedProcess } from './supervised-process.js';

/** Owner of the processes: the stack, or `npm start`. */
export type Whose = 'services' | 'programs';

/** Longest time that a supervisor gives its process to end. */
const MAX_GRACE_MS = 35_000;
const POLL_MS = 100;

/** Records a process that was started in `dir`, for the launcher that follows if this one is killed with SIGKILL. */
export async function remember(dir: string, whose: Whose, started: SupervisedProcess): Promise<void> {
  const pid = await started.pid.catch(() => undefined);
  if (pid !== undefined) appendFileSync(file(dir, whose), `${pid} ${startOf(pid)}\n`);
}

/**
 * Waits until the processes of a killed launcher have ended, then forgets them. Their supervisors are ending them, but until
 * then they hold ports and data. Call it before starting any process of the same kind.
 */
export async function untilLeftOversEnd(dir: string, whose: Whose, log: Log, signal?: AbortSignal): Promise<void> {
  const end = performance.now() + MAX_GRACE_MS;
  await withProgress(log, `waiting for the ${whose} of a killed launcher to end`, async () => {
    while (remembered(dir, whose).some(([pid, start]) => isAlive(pid, start)) && performance.now() < end) {
      await sleep(systemClock, POLL_MS, signal);
      signal?.throwIfAborted();
    }
  });
  forget(dir, whose);
}

/** Call it once the processes have ended. */
export function forget(dir: string, whose: Whose): void {
  rmSync(file(dir, whose), { force: true });
}

function remembered(dir: string, whose: Whose): [number, string][] {
  try {
    const lines = readFileSync(file(dir, whose), 'utf8').trim().split('\n');
    return lines.map((line) => [Number(line.split(' ')[0]), line.split(' ')[1] ?? '']);
  } catch {
    return [];
  }
}

function file(dir: string, whose: Whose): string {
  return join(dir, `${whose}.pids`);
}
