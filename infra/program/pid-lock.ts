import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { backgroundClock, type Clock } from '../async/clock.js';
import { LockHeartbeat, SILENCE_MS, silenceOf } from './lock-heartbeat.js';
import { processScope } from './process-scope.js';

/** A lock that this process holds. It is free again as soon as the process has ended, for whatever reason. */
export type PidLock = {
  readonly release: () => void;
  /**
   * False once a process of another container or host has taken the lock over, because this process was silent for
   * {@link SILENCE_MS}: stop using what the lock protects. Cheap unless the last heartbeat is late.
   */
  readonly isHeld: () => boolean;
};

/** The live holder of a lock. */
export type LockHolder = {
  readonly holder: number;
  /** Set if the holder is in another container or on another host: it counts as live until it has been silent for that long. */
  readonly elsewhere?: { readonly freeInMs: number };
};

/** Tokens of the locks that this process holds. Process ids and start times repeat in containers and in copies of a volume. */
const held = new Set<string>();

/**
 * Acquires the lock file unless a live process holds it. A holder that shares this process's kernel and pid namespace is probed by
 * its id. Any other is judged by its heartbeat: call again later, because a silent holder counts as ended only after a while.
 *
 * @returns the lock, or its live holder.
 * @throws Error of the file system, with its `code`: the file or its folder cannot be used.
 */
export function tryLock(file: string, clock: Clock = backgroundClock): PidLock | LockHolder {
  mkdirSync(dirname(file), { recursive: true });
  const token = randomUUID();
  const mine = `${process.pid} ${startOf(process.pid)} ${processScope()} ${token}\n`;
  const draft = `${file}.${randomUUID()}`;
  try {
    writeFileSync(draft, mine);
    for (;;) {
      if (tryLink(draft, file)) return hold(file, mine, token, clock);
      const found = readIfThere(file);
      if (found === undefined) continue;
      const holder = liveHolder(file, found, statSync(draft).mtimeMs, clock);
      if (holder !== undefined) return holder;
      removeStale(file, found);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

function hold(file: string, mine: string, token: string, clock: Clock): PidLock {
  const heartbeat = new LockHeartbeat(file, mine, clock);
  held.add(token);
  return {
    release: () => {
      held.delete(token);
      heartbeat.stop();
      if (read(file) === mine) rmSync(file, { force: true });
    },
    isHeld: () => heartbeat.isHeld,
  };
}

/** The holder that a lock file names; `undefined` if it has ended. Earlier versions wrote only process id and start time. */
function liveHolder(file: string, found: string, now: number, clock: Clock): LockHolder | undefined {
  const [id = '', start = '', scope = processScope(), token = ''] = found.trim().split(' ');
  const holder = Number(id);
  if (held.has(token)) return { holder };
  // Its id and start time may be those of this process, which knows that it does not hold the lock.
  if (scope === processScope()) return holder !== process.pid && isAlive(holder, start) ? { holder } : undefined;
  try {
    const silentMs = silenceOf(file, found, now, clock);
    return silentMs === 'ended' ? undefined : { holder, elsewhere: { freeInMs: SILENCE_MS - silentMs } };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether the process with this id and start time still runs. The id alone is not enough, as another process may have it now. */
export function isAlive(pid: number, start: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // A zombie has ended, but its parent has not collected it, which in a container may never happen.
  return statOf(pid)[0] !== 'Z' && start === startOf(pid);
}

/** Start time of a process in kernel ticks; `-` on systems without /proc. */
export function startOf(pid: number): string {
  return statOf(pid)[19] ?? '-';
}

/** Process id of the parent; undefined on systems without /proc. */
export function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)[1];
  return parent === undefined ? undefined : Number(parent);
}

/** The fields of /proc/<pid>/stat from the third on. The second is the name of the program in parentheses and may contain spaces. */
function statOf(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`) ?? '';
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .filter((field) => field !== '');
}

/** Removes the file of an ended holder. Only one process can rename it; that one puts it back if its content has changed since. */
function removeStale(file: string, expected: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if (read(aside) !== expected) tryLink(aside, file);
  rmSync(aside, { force: true });
}

/** File systems that have no hard links say so in one of these ways. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Creates `file` with the content of `draft` in one step. @returns false if the file exists. @throws Error of the file system. */
function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!NO_LINKS.has(codeOf(error) ?? '')) throw error;
  }
  try {
    writeFileSync(file, readFileSync(draft), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** @returns undefined if the file does not exist. @throws Error of the file system: trying again at once would not help. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
