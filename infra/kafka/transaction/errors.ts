import { asksFor } from '../protocol/error-codes.js';

/** A newer owner has initialised the same transactional id. Drop everything built on the lost ownership; do not initialise again. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
}

/**
 * A transaction failed and its outcome is unknown. Its writer must not be used again: open a new one with the same id and read the
 * outcome from the log.
 */
export class TransactionFailedError extends Error {
  override readonly name = 'TransactionFailedError';
}

/** Whether a broker has said that another producer owns the transactional id now. */
export function isFenced(error: unknown): boolean {
  return asksFor(error, 'fenced');
}
