export type Deadline = { readonly dueAt: number; readonly expire: () => void };

/**
 * Deadlines that are all as long, with one timer for all of them: nearly every request is over long before its own,
 * so setting one must cost next to nothing.
 */
export class Deadlines {
  /** In the order in which they fall due. */
  private readonly open = new Set<Deadline>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly timeoutMs: number) {}

  /** Calls `expire` after the time-out, unless cancelled. */
  set(expire: () => void): Deadline {
    const deadline = { dueAt: performance.now() + this.timeoutMs, expire };
    this.open.add(deadline);
    this.timer ??= setTimeout(() => this.sweep(), this.timeoutMs);
    return deadline;
  }

  cancel(deadline: Deadline): void {
    this.open.delete(deadline);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.open.clear();
  }

  private sweep(): void {
    this.timer = undefined;
    for (const deadline of this.open) {
      const leftMs = deadline.dueAt - performance.now();
      if (leftMs > 0) {
        this.timer = setTimeout(() => this.sweep(), Math.ceil(leftMs));
        return;
      }
      this.open.delete(deadline);
      deadline.expire();
    }
  }
}
