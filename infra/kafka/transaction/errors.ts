/** A newer owner has initialised the same transactional id. Drop all that was built on the lost ownership; do not initialise again. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
}

/**
 * A transaction failed and its outcome is unknown. Its producer must not be used again:
 * make a new one with the same id and learn from the log what happened.
 */
export class TransactionFailedError extends Error {
  override readonly name = 'TransactionFailedError';
}

/** The cluster's topics do not fit what the program needs; an operator must act. Restarting does not help. */
export class TopicMismatchError extends Error {
  override readonly name = 'TopicMismatchError';
}

/** INVALID_PRODUCER_EPOCH, INVALID_PRODUCER_ID_MAPPING, and PRODUCER_FENCED, which kafkajs has no name for. */
const FENCED_CODES: ReadonlySet<unknown> = new Set([47, 49, 90]);

/** Whether a broker has said that another producer has this transactional id now. */
export function isFenced(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (FENCED_CODES.has((cause as Error & { code?: unknown }).code)) return true;
  }
  return false;
}
