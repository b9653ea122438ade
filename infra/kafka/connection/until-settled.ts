import { setTimeout as delay } from 'node:timers/promises';

/**
 * Codes with which a broker says that it has done nothing yet and is to be asked again: the leader or coordinator is moving or loading (3, 5,
 * 6, 14, 15, 16), too few replicas are in sync (19), or the transaction before is still being completed (51, CONCURRENT_TRANSACTIONS;
 * 88, UNSTABLE_OFFSET_COMMIT).
 */
const NOT_YET: ReadonlySet<unknown> = new Set([3, 5, 6, 14, 15, 16, 19, 51, 88]);

const FIRST_DELAY_MS = 2;
const LAST_DELAY_MS = 100;
const GIVE_UP_AFTER_MS = 20_000;

/**
 * Asks until the answer is another than "not yet". `beforeNext` runs before each further try.
 * @throws what `ask` threw, when it was something else or time is over; what `beforeNext` threw.
 */
export async function untilSettled<T>(ask: () => Promise<T>, beforeNext?: () => Promise<void>): Promise<T> {
  const startedAt = performance.now();
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(LAST_DELAY_MS, 2 * delayMs)) {
    try {
      return await ask();
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (!NOT_YET.has(code) || performance.now() - startedAt > GIVE_UP_AFTER_MS) throw error;
      await delay(delayMs);
      await beforeNext?.();
    }
  }
}
