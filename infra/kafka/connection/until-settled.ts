import { Backoff } from '../../async/backoff.js';
import { sleep, type Clock } from '../../async/clock.js';
import { hasDoneNothing } from '../protocol/error-codes.js';

/** The usual reason to ask again is a transaction that is completed within milliseconds, and each commit waits for it. */
const BACKOFF = { initialMs: 4, maxMs: 150, minMs: 1 };
const MAX_WAIT_MS = 20_000;

/**
 * Repeats a request as long as the broker answers that it has done nothing yet: its leader or coordinator is moving or loading, too few
 * replicas are in sync, or the previous transaction is still being completed. `beforeNext` runs before each further attempt.
 *
 * @throws Error of `ask` when it is another one, or after 20 s; error of `beforeNext`.
 */
export async function untilSettled<T>(
  ask: () => Promise<T>,
  clock: Clock,
  beforeNext?: () => Promise<void>,
): Promise<T> {
  const startedAt = clock.monotonic();
  const backoff = new Backoff(BACKOFF);
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!hasDoneNothing(error) || clock.monotonic() - startedAt > MAX_WAIT_MS) throw error;
      await sleep(clock, backoff.nextMs());
      await beforeNext?.();
    }
  }
}
