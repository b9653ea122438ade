/**
 * A lower bound of the partition leader's clock, between the times it stamps on records.
 *
 * Timers count in log time, so "is it due yet" must be asked of the broker's clock, not of this machine's. Each commit shows the
 * broker's time at some moment before its receipt came back; from then on a monotonic clock counts on. A jump of this machine's
 * wall clock has no influence.
 */
export class PartitionClock {
  private appendedAt: number | undefined;
  private sampledAt = 0;

  /** @param monotonicMs a clock that never goes back, in ms from any origin. */
  constructor(private readonly monotonicMs: () => number) {}

  /** @param appendedAt LogAppendTime that a receipt showed, just received. */
  sample(appendedAt: number | undefined): void {
    if (appendedAt === undefined) return;
    this.appendedAt = appendedAt;
    this.sampledAt = this.monotonicMs();
  }

  /** The broker's clock shows at least this now; `undefined` before the first sample. */
  now(): number | undefined {
    return this.appendedAt === undefined ? undefined : this.appendedAt + this.ageMs();
  }

  /** How long ago the last sample was: the two clocks drift apart meanwhile. */
  ageMs(): number {
    return this.monotonicMs() - this.sampledAt;
  }
}
