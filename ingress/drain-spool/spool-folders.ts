import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SILENCE_MS } from '../../infra/program/lock-heartbeat.js';
import { sleep, type Clock } from '../../infra/async/clock.js';
import { parseStreamFolder } from '../../infra/spool/partition-folders.js';
import { isWorkerFolder, lockFolder, type WorkerFolder } from '../spool/worker-folder.js';

/** The spool cannot be drained as things are. The message says why, and what to do: print it and exit with 1. */
export class CannotDrainError extends Error {
  override readonly name = 'CannotDrainError';
}

const isStream = (name: string): boolean => parseStreamFolder(name) !== undefined;

/**
 * The worker folders of a spool, in the order of their numbers. Empty if `dir` is an empty folder.
 * @param dir the spool with all its workers, the folder of one worker, or the folder of one of its streams.
 * @throws CannotDrainError if it is none of these.
 */
export async function findWorkerFolders(dir: string): Promise<string[]> {
  const path = resolve(dir);
  if (isStream(basename(path))) return [dirname(path)];
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    throw new CannotDrainError(`cannot read ${path}: ${String(cause)}`, { cause });
  });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (folders.some(isStream)) return [path];
  const workers = folders.filter(isWorkerFolder).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  if (workers.length === 0 && entries.length > 0) {
    throw new CannotDrainError(`${path} is not a spool: it has neither worker-<number> folders nor an events folder`);
  }
  return workers.map((name) => join(path, name));
}

/**
 * Locks all folders, so that no ingress uses or adopts one meanwhile. Watches an owner in another container or on another host for as
 * long as it takes to see whether it lives.
 *
 * @throws CannotDrainError if one has a live owner or cannot be locked; then none is locked.
 */
export async function lockFolders(
  dirs: readonly string[],
  clock: Clock,
  say: (line: string) => void,
): Promise<WorkerFolder[]> {
  const locked: WorkerFolder[] = [];
  try {
    for (const dir of dirs) locked.push(await lock(dir, clock, say));
    return locked;
  } catch (error) {
    for (const folder of locked) folder.lock.release();
    throw error;
  }
}

async function lock(dir: string, clock: Clock, say: (line: string) => void): Promise<WorkerFolder> {
  let result = tryFolder(dir, clock);
  if (!('release' in result) && result.elsewhere !== undefined) {
    const seconds = Math.ceil(SILENCE_MS / 1_000);
    say(`${dir} has an owner in another container or on another host: waiting ${seconds} s to see whether it lives`);
    await sleep(clock, result.elsewhere.freeInMs);
    result = tryFolder(dir, clock);
  }
  if ('release' in result) return { dir, lock: result };
  const where = result.elsewhere === undefined ? '' : ' in another container or on another host';
  throw new CannotDrainError(
    `${dir} belongs to a running process (pid ${result.holder}${where}), which drains it itself: stop it first`,
  );
}

function tryFolder(dir: string, clock: Clock): ReturnType<typeof lockFolder> {
  try {
    return lockFolder(dir, clock);
  } catch (cause) {
    throw new CannotDrainError(`cannot lock ${dir}: ${String(cause)}; the folder must be writable`, { cause });
  }
}
