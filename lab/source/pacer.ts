import { sleep, systemClock, type Clock } from '../../infra/async/clock.js';

/** Shorter waits accumulate until they reach this: a timer of Node may be late by as much. */
const MIN_WAIT_MS = 4;

/** Limits the bytes per second of all who share it, in the order of their requests. */
export class Pacer {
  private nextAt = 0;

  constructor(
    private readonly bytesPerSecond: number,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Resolves when the bytes may be sent. */
  async pass(bytes: number): Promise<void> {
    const now = this.clock.monotonic();
    const at = Math.max(now, this.nextAt);
    this.nextAt = at + (bytes / this.bytesPerSecond) * 1000;
    if (at - now >= MIN_WAIT_MS) await sleep(this.clock, at - now);
  }
}
