/** A back-off that doubles; both in ms. */
export type Backoff = { readonly firstMs: number; readonly mostMs: number };

/** However little time is left: so that the last moments are not spent on hammering the source. */
const LEAST_MS = 100;

/**
 * How long to wait after a failure: doubling and jittered by up to half, never more than a quarter of the time that is left. So the
 * tries come closer together as the deadline comes near, and the longest wait never costs the last chance.
 *
 * @param failures failures so far, 1 or more.
 * @param remainingMs time until the deadline.
 * @param random in [0, 1).
 * @param retryAfterMs what the other side asked for; heeded up to half of the time that is left.
 */
export function nextDelayMs(
  backoff: Backoff,
  failures: number,
  remainingMs: number,
  random: number,
  retryAfterMs = 0,
): number {
  const exponential = Math.min(backoff.mostMs, backoff.firstMs * 2 ** (failures - 1));
  const jittered = exponential * (1 - random / 2);
  return Math.max(LEAST_MS, Math.min(jittered, remainingMs / 4), Math.min(retryAfterMs, remainingMs / 2));
}
