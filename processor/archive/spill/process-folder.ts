import { createHash, randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { isAlive, startOf } from '../../../infra/program/pid-lock.js';
import { processScope } from '../../../infra/program/process-scope.js';

/** The folder of one process below the spill directory. Its name identifies the process. */
export type ProcessFolder = {
  readonly path: string;
  /** {@link ownHost} of the process; in folders of earlier versions the host name alone. */
  readonly host: string;
  readonly pid: number;
  readonly start: string;
};

/** Host, process id, start of the process (ids are reused, and in a container always equal), and a random suffix. */
const NAME = /^(.+)_(\d+)_(\d+|-)_[0-9a-f]{8}$/;

/** Stands for the process id in the name of a folder whose process has left it in order. */
const NO_PID = 0;

/** Names of the folders that this process has made: another process, or a copy of the volume, may show its id and start time too. */
const ownNames = new Set<string>();

/** Host name and a digest of the process scope: containers may share a host name, but cannot see each other's processes. */
function ownHost(): string {
  return `${hostname()}.${createHash('sha256').update(processScope()).digest('hex').slice(0, 12)}`;
}

/** A name for a folder of this process. */
export function newFolderName(): string {
  const name = `${ownHost()}_${process.pid}_${startOf(process.pid)}_${randomBytes(4).toString('hex')}`;
  ownNames.add(name);
  return name;
}

/** A name for a folder that this process leaves to others. */
export function leftFolderName(): string {
  return `${hostname()}_${NO_PID}_-_${randomBytes(4).toString('hex')}`;
}

/** The folders of all processes. Ignores other names: the operator may have chosen a directory with other things in it. */
export async function processFolders(root: string): Promise<ProcessFolder[]> {
  const names = await readdir(root).catch(() => []);
  return names.flatMap((name) => {
    const [, host, pid, start] = NAME.exec(name) ?? [];
    if (host === undefined || pid === undefined || start === undefined) return [];
    return [{ path: join(root, name), host, pid: Number(pid), start }];
  });
}

/**
 * Whether no process uses the folder any more.
 * @param aliveSince a process of another container or host cannot be probed: it is gone if it has not touched its folder since (ms since the epoch).
 */
export async function isAbandoned({ path, host, pid, start }: ProcessFolder, aliveSince: number): Promise<boolean> {
  if (pid === NO_PID) return true;
  if (ownNames.has(basename(path))) return false;
  // Earlier versions wrote the host name alone.
  if (host === ownHost() || host === hostname()) return pid === process.pid || !isAlive(pid, start);
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
  return mtimeMs < aliveSince;
}
