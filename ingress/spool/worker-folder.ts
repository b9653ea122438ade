import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { segmentFiles } from './adoption.js';
import type { SpoolFs } from './file-system.js';
import { tryLock, type PidLock } from '../../infra/program/pid-lock.js';

/** A folder of the spool that no other live process of this machine uses. */
export type WorkerFolder = { readonly dir: string; readonly lock: PidLock };

/** `worker-2`; `worker-2.3` for a process that found that and `worker-2.2` taken, as in a rolling restart. */
const NAME = /^worker-(\d+)(\.\d+)?$/;

const LOCK_FILE = 'owner.lock';

/**
 * Takes the folder of a worker; where a live process has it, one beside it.
 * @throws Error of the file system: the folder cannot be made or written.
 */
export function claimFolder(root: string, worker: number): WorkerFolder {
  for (let nth = 1; ; nth += 1) {
    const dir = join(root, `worker-${worker}${nth === 1 ? '' : `.${nth}`}`);
    const lock = tryLock(join(dir, LOCK_FILE));
    if ('release' in lock) return { dir, lock };
  }
}

/**
 * Takes the folders that hold segments and that no worker will come back to, as there are fewer workers now or a process stood in for
 * another. Release their locks when they have been emptied.
 *
 * @param workers how many there are, numbered from 1; the caller is the first.
 * @throws Error of the file system: try again later.
 */
export async function abandonedFolders(
  fs: SpoolFs,
  root: string,
  own: string,
  workers: number,
): Promise<WorkerFolder[]> {
  const folders: WorkerFolder[] = [];
  for (const name of readdirSync(root)) {
    const [, number, stoodIn] = NAME.exec(name) ?? [];
    const dir = join(root, name);
    if (number === undefined || dir === own) continue;
    const comesBack = stoodIn === undefined && Number(number) > 1 && Number(number) <= workers;
    if (comesBack) continue;
    const segments = await Promise.all(['events', 'dead-letter'].map((stream) => segmentFiles(fs, join(dir, stream))));
    if (segments.flat().length === 0) continue;
    const lock = tryLock(join(dir, LOCK_FILE));
    if ('release' in lock) folders.push({ dir, lock });
  }
  return folders;
}
