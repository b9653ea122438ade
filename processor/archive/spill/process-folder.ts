import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isAlive, startOf } from '../../../infra/program/pid-lock.js';

/** A process's folder below the spill directory; its name tells whose it is. */
export type ProcessFolder = {
  readonly path: string;
  readonly host: string;
  readonly pid: number;
  readonly start: string;
};

/** Host, process id, its start (process ids are given anew, in a container always the same), and what tells two roles apart. */
const NAME = /^(.+)_(\d+)_(\d+|-)_[0-9a-f]{8}$/;

/** No process has it: stands in the name of a folder that its process has left in order. */
const NOBODY = 0;

/** A name for a folder of this process. */
export function newFolderName(): string {
  return `${hostname()}_${process.pid}_${startOf(process.pid)}_${randomBytes(4).toString('hex')}`;
}

/** A name for a folder that this process leaves to others. */
export function leftFolderName(): string {
  return `${hostname()}_${NOBODY}_-_${randomBytes(4).toString('hex')}`;
}

/** The folders of all processes; what has another name is not ours: the operator may have chosen a folder with other things in it. */
export async function processFolders(root: string): Promise<ProcessFolder[]> {
  const names = await readdir(root).catch(() => []);
  return names.flatMap((name) => {
    const [, host, pid, start] = NAME.exec(name) ?? [];
    if (host === undefined || pid === undefined || start === undefined) return [];
    return [{ path: join(root, name), host, pid: Number(pid), start }];
  });
}

/**
 * Whether nobody uses the folder any more.
 * @param silentMs the process of another machine cannot be asked: it counts as gone when it has not touched its folder for so long.
 */
export async function isAbandoned({ path, host, pid, start }: ProcessFolder, silentMs: number): Promise<boolean> {
  if (pid === NOBODY) return true;
  if (host === hostname()) return !isAlive(pid, start);
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs > silentMs;
}
