import { Backoff, type BackoffOptions } from '../../infra/async/backoff.js';
import { sleep, type Clock } from '../../infra/async/clock.js';

/** Backoff of everything that retries because a disk is full or fails. */
export const DISK_RETRY: BackoffOptions = { initialMs: 250, maxMs: 2_000 };

export type DiskRetryDeps = {
  readonly clock: Clock;
  /** Ends the retries. */
  readonly stopped: AbortSignal;
  /** Called after each failure, before the next attempt in `retryMs`. */
  readonly onFailure: (error: unknown, retryMs: number) => void;
};

/** Repeats work until it succeeds. Resolves to `undefined` if `stopped` is aborted first. */
export async function retryDisk<T>(
  work: () => Promise<T>,
  { clock, stopped, onFailure }: DiskRetryDeps,
): Promise<T | undefined> {
  const backoff = new Backoff(DISK_RETRY);
  while (!stopped.aborted) {
    try {
      return await work();
    } catch (error) {
      const retryMs = Math.round(backoff.nextMs());
      onFailure(error, retryMs);
      await sleep(clock, retryMs, stopped);
    }
  }
  return undefined;
}
