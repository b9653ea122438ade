import { backoffMs, deadlineBackoffMs } from '../../../../infra/async/backoff.js';
import { OBJECT_STORE_BACKOFF } from './object-store-retries.js';

/** Jitter of 1 gives the longest delay. */
const WITHOUT_JITTER = 1;

/**
 * Pauses all uploads after many of them in a row have failed. During an outage thousands of recordings wait on disk; each with a backoff
 * of its own, they would hammer the object store.
 */
export class UploadPause {
  private failuresInRow = 0;
  private endsAt = 0;

  /** @param tolerated failures in a row that single recordings may have caused. */
  constructor(private readonly tolerated: number) {}

  /** No upload should start before (ms since the epoch). */
  get until(): number {
    return this.endsAt;
  }

  succeeded(): void {
    this.failuresInRow = 0;
    this.endsAt = 0;
  }

  /**
   * Counts a failure. The pause has a fixed half and a random half: parallel uploads fail together, and the last of them must not
   * end the pause at once.
   *
   * @param remainingMs time until the recording that failed is given up; see {@link deadlineBackoffMs}.
   * @param random in [0, 1); random by default.
   */
  failed(now: number, remainingMs: number, random?: number): void {
    this.failuresInRow += 1;
    const rounds = Math.ceil(this.failuresInRow / this.tolerated) - 1;
    if (rounds <= 0) return;
    const halfMs = deadlineBackoffMs(OBJECT_STORE_BACKOFF, rounds, remainingMs, WITHOUT_JITTER) / 2;
    this.endsAt = now + halfMs + backoffMs({ initialMs: halfMs, maxMs: halfMs }, 1, random);
  }
}
