import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { randomUUID } from 'node:crypto';

/** A lock that this process holds. It is free again as soon as the process has ended, for whatever reason. */
export type PidLock = { readonly release: () => void };

/**
 * Acquires the lock file unless a running process holds it.
 * @returns the lock, or the process id of its holder.
 */
export function tryLock(file: string): PidLock | { readonly holder: number } {
  mkdirSync(dirname(file), { recursive: true });
  const mine = `${process.pid} ${startOf(process.pid)}\n`;
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, mine);
  try {
    for (;;) {
      if (tryLink(draft, file)) return { release: () => releaseIfMine(file, mine) };
      const holder = read(file);
      if (holder === undefined) continue;
      const [pid = '', start = ''] = holder.trim().split(' ');
      if (isAlive(Number(pid), start)) return { holder: Number(pid) };
      removeStale(file, holder);
    }
  } finally {
    rmSync(draft, { force: true });
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
  } catch {
    return;
  }
  if (read(aside) !== expected) tryLink(aside, file);
  rmSync(aside, { force: true });
}

function releaseIfMine(file: string, mine: string): void {
  if (read(file) === mine) rmSync(file, { force: true });
}

/** Creates `file` with the content of `draft` in one step. @returns false if the file exists. */
function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
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
