import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../infra/async/clock.js';
import { tryLock, type LockHolder, type PidLock } from '../../infra/program/pid-lock.js';
import { segmentFiles } from './adoption.js';
import type { SpoolFs } from './file-system.js';
import { removeEmptyPartitionFolders, streamFolders } from '../../infra/spool/partition-folders.js';

/** A folder of the spool, locked against other live processes. */
export type WorkerFolder = { readonly dir: string; readonly lock: PidLock };

/** `worker-2`; `worker-2.3` for a process that found `worker-2` and `worker-2.2` locked, for example during a rolling restart. */
const NAME = /^worker-(\d+)(\.\d+)?$/;

const LOCK_FILE = 'owner.lock';

/** Whether a folder of the spool has the name of a worker's. */
export function isWorkerFolder(name: string): boolean {
  return NAME.test(name);
}

/** Locks a worker's folder. @returns its live holder if it has one. @throws Error of the file system. */
export function lockFolder(dir: string, clock?: Clock): PidLock | LockHolder {
  return tryLock(join(dir, LOCK_FILE), clock);
}

/**
 * Locks the folder of a worker, or a sibling if a live process has locked it.
 * @throws Error of the file system: the folder cannot be created or written.
 */
export function claimFolder(root: string, worker: number, clock?: Clock): WorkerFolder {
  for (let nth = 1; ; nth += 1) {
    const dir = join(root, `worker-${worker}${nth === 1 ? '' : `.${nth}`}`);
    const lock = lockFolder(dir, clock);
    if ('release' in lock) return { dir, lock };
  }
}

/**
 * Folders that no worker returns to: there are fewer workers now, or a process had used a sibling folder.
 * @throws Error of the file system.
 */
export function formerFolders(root: string, own: string, workers: number): string[] {
  const names = readdirSync(root).filter((name) => {
    const [, number, sibling] = NAME.exec(name) ?? [];
    if (number === undefined) return false;
    return sibling !== undefined || Number(number) === 1 || Number(number) > workers;
  });
  return names.map((name) => join(root, name)).filter((dir) => dir !== own);
}

export type FormerFoldersOptions = {
  readonly fs: SpoolFs;
  readonly root: string;
  /** The folder of the caller, who is the first worker. */
  readonly own: string;
  /** Number of workers, numbered from 1. */
  readonly workers: number;
  readonly clock?: Clock | undefined;
  /** Called for each folder that has segments and a live holder. */
  readonly onHeld: (dir: string, holder: LockHolder) => void;
  /** Called for each folder that cannot be used; the others are used all the same. */
  readonly onFault: (dir: string, error: unknown) => void;
};

/**
 * Hands the folders that contain segments but have no owner to `adopt`, one by one, locked meanwhile.
 * @throws Error of the file system if the root cannot be read: try again later.
 */
export async function adoptFormerFolders(
  { fs, root, own, workers, clock, onHeld, onFault }: FormerFoldersOptions,
  adopt: (dir: string) => Promise<void>,
): Promise<void> {
  for (const dir of formerFolders(root, own, workers)) {
    try {
      const segments = await Promise.all(streamFolders(dir).map(({ name }) => segmentFiles(fs, join(dir, name))));
      if (segments.flat().length === 0) continue;
      const lock = lockFolder(dir, clock);
      if (!('release' in lock)) {
        onHeld(dir, lock);
        continue;
      }
      try {
        await adopt(dir);
        removeEmptyPartitionFolders(dir);
      } finally {
        lock.release();
      }
    } catch (error) {
      onFault(dir, error);
    }
  }
}
