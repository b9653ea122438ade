import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { randomUUID } from 'node:crypto';

/** A lock that this process holds. It is also free once the process is gone, however it went. */
export type PidLock = { readonly release: () => void };

/**
 * Takes the lock file if nobody alive holds it.
 * @returns the lock, or the process id of its live holder.
 */
export function tryLock(file: string): PidLock | { readonly holder: number } {
  mkdirSync(dirname(file), { recursive: true });
  const mine = `${process.pid} ${startOf(process.pid)}\n`;
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, mine);
  try {
    for (;;) {
      if (linked(draft, file)) return { release: () => releaseIfMine(file, mine) };
      const holder = read(file);
      if (holder === undefined) continue;
      const [pid = '', start = ''] = holder.trim().split(' ');
      if (isAlive(Number(pid), start)) return { holder: Number(pid) };
      setAside(file, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Whether the process that `pid` and its start time stood for still runs: a process id alone may have been given anew. */
export function isAlive(pid: number, start: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // A zombie is dead; its parent has not looked yet, and in a container perhaps never will.
  return statOf(pid)[0] !== 'Z' && start === startOf(pid);
}

/** When a process started, in kernel ticks; `-` where there is no /proc to ask. */
export function startOf(pid: number): string {
  return statOf(pid)[19] ?? '-';
}

/** The parent's process id; undefined where there is no /proc to ask. */
export function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)[1];
  return parent === undefined ? undefined : Number(parent);
}

/** The fields of /proc/<pid>/stat from the third on: the second is the program's name in brackets and may hold blanks. */
function statOf(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`) ?? '';
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .filter((field) => field !== '');
}

/** A dead holder's file: whoever renames it first has it, and puts it back if it is not the one that was read. */
function setAside(file: string, expected: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (read(aside) !== expected) linked(aside, file);
  rmSync(aside, { force: true });
}

function releaseIfMine(file: string, mine: string): void {
  if (read(file) === mine) rmSync(file, { force: true });
}

/** Makes `file` another name of `draft`, complete and at once, or says that the name is taken. */
function linked(draft: string, file: string): boolean {
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
