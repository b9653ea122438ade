import { deadlineBackoffMs } from '../../../../infra/async/backoff.js';
import { STORE_BACKOFF } from './store-patience.js';

/**
 * Leaves a store alone for a while after many uploads in a row have failed: thousands that wait on disk for a store that is away must not
 * all knock at it, each with its own back-off.
 */
export class StoreRest {
  private failuresInRow = 0;
  private endsAt = 0;

  /** @param tolerated failures in a row that may be the fault of single recordings. */
  constructor(private readonly tolerated: number) {}

  /** No upload should begin before (ms since the epoch). */
  get until(): number {
    return this.endsAt;
  }

  succeeded(): void {
    this.failuresInRow = 0;
    this.endsAt = 0;
  }

  /** @param remainingMs until the recording that failed would be given up; see {@link deadlineBackoffMs} for all. */
  failed(now: number, remainingMs: number, random: number): void {
    this.failuresInRow += 1;
    const rounds = Math.ceil(this.failuresInRow / this.tolerated) - 1;
    if (rounds > 0) this.endsAt = now + deadlineBackoffMs(STORE_BACKOFF, rounds, remainingMs, random);
  }
}
