import { sleep, systemClock } from '../../../infra/async/clock.js';
import { tryLock, type PidLock } from '../../../infra/program/pid-lock.js';
import { withProgress, type Log } from '../progress.js';

const POLL_MS = 200;

export type WaitOptions<T> = {
  /** Progress line while another process holds the lock. */
  readonly waitingFor: (holder: number) => string;
  /** What the holder offers to others, once it does; then the lock is not needed. Default: nothing. */
  readonly offered?: (holder: number) => Promise<T | undefined>;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Takes a lock, or waits until its holder offers what the caller wants. The lock of a holder that dies is taken over.
 * @throws the reason of `signal` when it is aborted.
 */
export async function lockOrWait<T = never>(
  file: string,
  { waitingFor, offered, log, signal }: WaitOptions<T>,
): Promise<PidLock | { readonly offered: T }> {
  const first = tryLock(file);
  if ('release' in first) return first;
  return withProgress(log, waitingFor(first.holder), async () => {
    for (;;) {
      const lock = tryLock(file);
      if ('release' in lock) return lock;
      const offer = await offered?.(lock.holder);
      if (offer !== undefined) return { offered: offer };
      await sleep(systemClock, POLL_MS, signal);
      signal?.throwIfAborted();
    }
  });
}
