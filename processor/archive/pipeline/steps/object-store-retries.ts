import type { BackoffOptions } from '../../../../infra/async/backoff.js';

/** Backoff of everything that waits for the object store. */
export const OBJECT_STORE_BACKOFF: BackoffOptions = { initialMs: 200, maxMs: 5_000 };

/**
 * Level of a repeated log line: `warn` for attempts 1, 2, 4, 8 and so on. An outage may last for hours with thousands of recordings
 * waiting.
 *
 * @param attempts so far, 1 or more.
 */
export function levelOfAttempt(attempts: number): 'warn' | 'debug' {
  return Number.isInteger(Math.log2(attempts)) ? 'warn' : 'debug';
}
