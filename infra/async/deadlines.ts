import { systemClock, type Cancel, type Clock } from './clock.js';

export type Deadline = { readonly dueAt: number; readonly expire: () => void };

/**
 * Deadlines of equal length behind a single timer. Nearly every request finishes long before its deadline, so setting one must
 * cost next to nothing.
 */
export class Deadlines {
  /** In the order in which they fall due. */
  private readonly open = new Set<Deadline>();
  private cancelTimer: Cancel | undefined;

  constructor(
    private readonly timeoutMs: number,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Calls `expire` after the timeout, unless cancelled. */
  set(expire: () => void): Deadline {
    const deadline = { dueAt: this.clock.monotonic() + this.timeoutMs, expire };
    this.open.add(deadline);
    this.cancelTimer ??= this.clock.after(this.timeoutMs, () => this.sweep());
    return deadline;
  }

  cancel(deadline: Deadline): void {
    this.open.delete(deadline);
  }

  clear(): void {
    this.cancelTimer?.();
    this.open.clear();
  }

  private sweep(): void {
    this.cancelTimer = undefined;
    for (const deadline of this.open) {
      const leftMs = deadline.dueAt - this.clock.monotonic();
      if (leftMs > 0) {
        this.cancelTimer = this.clock.after(Math.ceil(leftMs), () => this.sweep());
        return;
      }
      this.open.delete(deadline);
      deadline.expire();
    }
  }
}
