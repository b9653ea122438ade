import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock, type PidLock } from '../../infra/program/pid-lock.js';
import { segmentFiles } from './adoption.js';
import type { SpoolFs } from './file-system.js';
import { streamFolders } from './partition-folders.js';

/** A folder of the spool, locked against other live processes of this machine. */
export type WorkerFolder = { readonly dir: string; readonly lock: PidLock };

/** `worker-2`; `worker-2.3` for a process that found `worker-2` and `worker-2.2` locked, for example during a rolling restart. */
const NAME = /^worker-(\d+)(\.\d+)?$/;

const LOCK_FILE = 'owner.lock';

/**
 * Locks the folder of a worker, or a sibling if a live process has locked it.
 * @throws Error of the file system: the folder cannot be created or written.
 */
export function claimFolder(root: string, worker: number): WorkerFolder {
  for (let nth = 1; ; nth += 1) {
    const dir = join(root, `worker-${worker}${nth === 1 ? '' : `.${nth}`}`);
    const lock = tryLock(join(dir, LOCK_FILE));
    if ('release' in lock) return { dir, lock };
  }
}

/**
 * Locks the folders that contain segments but have no owner: there are fewer workers now, or a process had used a sibling folder.
 * Release the locks when the folders are empty.
 *
 * @param workers number of workers, numbered from 1; the caller is the first.
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
    const [, number, sibling] = NAME.exec(name) ?? [];
    const dir = join(root, name);
    if (number === undefined || dir === own) continue;
    const hasOwner = sibling === undefined && Number(number) > 1 && Number(number) <= workers;
    if (hasOwner) continue;
    const segments = await Promise.all(streamFolders(dir).map((folder) => segmentFiles(fs, join(dir, folder.name))));
    if (segments.flat().length === 0) continue;
    const lock = tryLock(join(dir, LOCK_FILE));
    if ('release' in lock) folders.push({ dir, lock });
  }
  return folders;
}
