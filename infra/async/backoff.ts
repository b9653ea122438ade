/** Limits of an exponential backoff. */
export type BackoffOptions = {
  readonly initialMs: number;
  readonly maxMs: number;
  /** Smallest delay, so that jitter never turns a backoff into a busy loop. Default 10. */
  readonly minMs?: number;
};

const DEFAULT_MIN_MS = 10;
/** Smallest delay of a retry with a deadline: the last moments are not spent on hammering the other side. */
const MIN_DEADLINE_MS = 100;

/**
 * Delay before the next attempt: exponential with full jitter, so that processes that failed together do not retry together.
 *
 * @param failures failures so far, 1 or more.
 * @param random in [0, 1).
 */
export function backoffMs(
  { initialMs, maxMs, minMs = DEFAULT_MIN_MS }: BackoffOptions,
  failures: number,
  random = Math.random(),
): number {
  return Math.max(minMs, Math.min(maxMs, initialMs * 2 ** (failures - 1)) * random);
}

/**
 * {@link backoffMs} under a deadline: at most a quarter of the remaining time. Attempts move closer together as the deadline
 * approaches, and the longest delay never costs the last chance.
 *
 * @param failures failures so far, 1 or more.
 * @param remainingMs time until the deadline.
 * @param random in [0, 1).
 * @param retryAfterMs delay that the other side asked for; respected up to half of the remaining time.
 */
export function deadlineBackoffMs(
  options: BackoffOptions,
  failures: number,
  remainingMs: number,
  random = Math.random(),
  retryAfterMs = 0,
): number {
  return Math.max(
    MIN_DEADLINE_MS,
    Math.min(backoffMs(options, failures, random), remainingMs / 4),
    Math.min(retryAfterMs, remainingMs / 2),
  );
}

/** The backoff of one retry loop: counts its failures. */
export class Backoff {
  private failures = 0;

  constructor(private readonly options: BackoffOptions) {}

  /** Counts a failure and returns the delay before the next attempt, in ms. */
  nextMs(): number {
    this.failures += 1;
    return backoffMs(this.options, this.failures);
  }

  /** Starts over, after a success. */
  reset(): void {
    this.failures = 0;
  }
}
