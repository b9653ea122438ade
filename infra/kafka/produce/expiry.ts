import type { Cancel, Clock } from '../../async/clock.js';

type Dated = { readonly queuedAt: number };

export type ExpiryOptions = {
  /** `Infinity`: never. */
  readonly deliveryTimeoutMs: number;
  readonly clock: Clock;
};

/** Notices overdue records with a single timer, as nearly all records settle in time. */
export class Expiry {
  private cancelTimer: Cancel | undefined;

  /**
   * @param oldest the unsettled record that has waited longest.
   * @param onExpired called when that one is overdue; settles every record that is.
   */
  constructor(
    private readonly options: ExpiryOptions,
    private readonly oldest: () => Dated | undefined,
    private readonly onExpired: () => void,
  ) {}

  isExpired({ queuedAt }: Dated): boolean {
    return this.options.clock.monotonic() - queuedAt >= this.options.deliveryTimeoutMs;
  }

  /** Must be called after a record has been queued. */
  watch(): void {
    const { deliveryTimeoutMs, clock } = this.options;
    if (deliveryTimeoutMs === Infinity) return;
    this.cancelTimer ??= clock.after(deliveryTimeoutMs, () => this.check());
  }

  stop(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  private check(): void {
    // The record that the timer was set for may have settled since.
    const oldest = this.oldest();
    if (oldest !== undefined && this.isExpired(oldest)) this.onExpired();
    const next = this.oldest();
    const { deliveryTimeoutMs, clock } = this.options;
    this.cancelTimer =
      next && clock.after(Math.max(1, next.queuedAt + deliveryTimeoutMs - clock.monotonic()), () => this.check());
  }
}
