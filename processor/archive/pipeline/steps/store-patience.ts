import type { BackoffOptions } from '../../../../infra/async/backoff.js';

/** Between tries of what waits for the store. */
export const STORE_BACKOFF: BackoffOptions = { initialMs: 200, maxMs: 5_000 };

/** An outage may last for hours, and thousands wait: each speaks up ever less often. @param tries so far, 1 or more. */
export function levelOfTry(tries: number): 'warn' | 'debug' {
  return Number.isInteger(Math.log2(tries)) ? 'warn' : 'debug';
}
