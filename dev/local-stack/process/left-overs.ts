import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, startOf } from '../../../infra/program/pid-lock.js';
import { withProgress, type Log } from '../progress.js';
import type { SupervisedProcess } from './supervised-process.js';

/** Whose processes: those of the stack, or those of `npm start`. */
export type Whose = 'services' | 'programs';

const LONGEST_GRACE_MS = 35_000;

/** Remembers a process that was started in `dir`, for the launcher that comes after a `kill -9` of this one. */
export async function remember(dir: string, whose: Whose, started: SupervisedProcess): Promise<void> {
  const pid = await started.pid.catch(() => undefined);
  if (pid !== undefined) appendFileSync(file(dir, whose), `${pid} ${startOf(pid)}\n`);
}

/**
 * Waits for the processes of a launcher that was killed: their supervisors are ending them, and until then they hold
 * ports and data. Then forgets them. To be called before any process of its kind is started.
 */
export async function untilLeftOversEnd(dir: string, whose: Whose, log: Log, signal?: AbortSignal): Promise<void> {
  const end = performance.now() + LONGEST_GRACE_MS;
  await withProgress(log, `waiting for the ${whose} of a launcher that was killed to end`, async () => {
    while (remembered(dir, whose).some(([pid, start]) => isAlive(pid, start)) && performance.now() < end) {
      await delay(100, undefined, { signal });
    }
  });
  forget(dir, whose);
}

/** To be called once the processes have ended. */
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
