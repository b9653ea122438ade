import type { Clock } from '../../../infra/async/clock.js';

/**
 * A lower bound of the partition leader's clock, between the times that it stamps on records.
 *
 * Timers count in log time, so whether one is due depends on the broker's clock, not on this machine's. Each commit shows the
 * broker's time at some moment before its receipt arrived; a monotonic clock continues from there. Jumps of this machine's wall
 * clock have no influence.
 */
export class PartitionClock {
  private appendedAt: number | undefined;
  private sampledAt = 0;

  constructor(private readonly clock: Pick<Clock, 'monotonic'>) {}

  /** @param appendedAt LogAppendTime of a receipt that has just arrived. */
  sample(appendedAt: number | undefined): void {
    if (appendedAt === undefined) return;
    this.appendedAt = appendedAt;
    this.sampledAt = this.clock.monotonic();
  }

  /** The broker's clock shows at least this time; `undefined` before the first sample. */
  now(): number | undefined {
    return this.appendedAt === undefined ? undefined : this.appendedAt + this.ageMs();
  }

  /** Time since the last sample. The two clocks drift apart meanwhile. */
  ageMs(): number {
    return this.clock.monotonic() - this.sampledAt;
  }
}
