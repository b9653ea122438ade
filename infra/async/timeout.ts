import { systemClock, type Clock } from './clock.js';

/** Work did not settle in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * Waits for work, but no longer than `ms`. The work itself continues: the caller decides what to do about it.
 *
 * @param what is done, for the message: `closing the connections to Kafka`.
 * @throws TimeoutError `timed out after … ms: <what>`; otherwise whatever the work throws.
 */
export async function withTimeout<T>(
  work: Promise<T>,
  ms: number,
  what: string,
  clock: Clock = systemClock,
): Promise<T> {
  let cancel = (): void => undefined;
  const timeout = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () => reject(new TimeoutError(`timed out after ${ms} ms: ${what}`)));
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    cancel();
  }
}

/**
 * Runs work with a signal that is aborted after `ms` or together with `stop`, and waits until the work itself has settled:
 * for work that must release what it holds before the caller continues.
 * AbortSignal.any would do the same, but keeps a trace of each call in a signal that lives as long as `stop`.
 */
export async function withAbortAfter<T>(
  ms: number,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  clock: Clock = systemClock,
): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const cancel = clock.after(ms, abort);
  stop.addEventListener('abort', abort, { once: true });
  if (stop.aborted) abort();
  try {
    return await work(controller.signal);
  } finally {
    cancel();
    stop.removeEventListener('abort', abort);
  }
}
