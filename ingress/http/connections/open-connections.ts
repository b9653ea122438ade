import type { Clock } from '../../../infra/async/clock.js';
import type { TemplatedApp } from '../server/uws-loader.js';

/** The part of uWebSockets.js that reports connections. */
type ConnectionSource = Pick<TemplatedApp, 'filter'>;

/** Counts the connections of a server, and those that end before their first request. */
export class OpenConnections {
  private open = 0;
  private readonly waiters = new Set<() => void>();

  /**
   * @param onWithoutRequest called when a connection ends without a request that uWebSockets.js could read: a TCP probe, HTTP/1.0, a target
   * in absolute form, a head beyond its limits, or a connection that was opened ahead and never used.
   */
  constructor(private readonly onWithoutRequest: () => void) {}

  /** Counts the connections of an app; call it before the app listens. A server has several apps when its certificate changes. */
  watch(source: ConnectionSource): void {
    source.filter((res, delta) => {
      const change = Number(delta);
      this.open += change;
      // The handler of the first request replaces this one. `res` must not be used after this function returns.
      if (change > 0) res.onAborted(this.onWithoutRequest);
      if (this.open === 0) for (const resolve of this.waiters) resolve();
    });
  }

  get count(): number {
    return this.open;
  }

  /** Resolves when no connection is open, at the latest after `timeoutMs`. */
  async none(timeoutMs: number, clock: Clock): Promise<void> {
    if (this.open === 0) return;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        cancel();
        this.waiters.delete(finish);
        resolve();
      };
      const cancel = clock.after(timeoutMs, finish);
      this.waiters.add(finish);
    });
  }
}
