import type { Clock } from '../../infra/async/clock.js';

/** A clock that advances only when told to. */
export class ManualClock implements Clock {
  private readonly timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  constructor(private time = 0) {}

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.time;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.time + ms, callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** Advances the time without any timer, as for a paused process. */
  pause(ms: number): void {
    this.time += ms;
  }

  /** Advances the time; timers fire in order. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers.delete(due);
      this.time = Math.max(this.time, due.at);
      due.callback();
      await settle();
    }
    this.time = end;
    await settle();
  }
}

/** Lets promises that are ready continue. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 40; i += 1) await Promise.resolve();
}
