import { join } from 'node:path';
import { tryLock, type PidLock } from '../../../infra/program/pid-lock.js';

/** Locks that this process has claimed and not used yet. */
const claims = new Map<string, PidLock>();

/** The lock of the one process that starts and runs ingress and processor in `dir`. */
export function programsLockFile(dir: string): string {
  return join(dir, 'programs.lock');
}

/**
 * Claims the lock for {@link lockPrograms} in the same process. `npm start` does so while it still installs and builds: a demo that
 * waits for the installation then waits for this system too. Does nothing when another process has the lock.
 */
export function claimPrograms(dir: string): void {
  const lock = tryLock(programsLockFile(dir));
  if ('release' in lock) claims.set(dir, lock);
}

/** The lock, or the process id of its live holder. */
export function lockPrograms(dir: string): PidLock | { readonly holder: number } {
  const claimed = claims.get(dir);
  claims.delete(dir);
  return claimed ?? tryLock(programsLockFile(dir));
}
