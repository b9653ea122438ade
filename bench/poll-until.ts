import { sleep, systemClock } from '../infra/async/clock.js';

export type PollOptions = { readonly everyMs: number; readonly timeoutMs: number };

/** Asks again and again until the answer is yes. @returns false when it still is no after `timeoutMs`. */
export async function pollUntil(
  isDone: () => boolean | Promise<boolean>,
  { everyMs, timeoutMs }: PollOptions,
): Promise<boolean> {
  const startedAt = systemClock.monotonic();
  while (!(await isDone())) {
    if (systemClock.monotonic() - startedAt > timeoutMs) return false;
    await sleep(systemClock, everyMs);
  }
  return true;
}
