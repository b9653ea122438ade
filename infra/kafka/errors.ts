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

/** Protocol errors that say "another producer has this transactional id now". 90 is PRODUCER_FENCED, which kafkajs has no name for. */
export function isFenced(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { type, code } = cause as Error & { type?: unknown; code?: unknown };
    if (type === 'INVALID_PRODUCER_EPOCH' || type === 'INVALID_PRODUCER_ID_MAPPING' || code === 90) return true;
  }
  return false;
}
