import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../infra/async/clock.js';
import { DeadlineQueue } from './deadline-queue.js';

/** What becomes of a task: it has left the lane, or comes back no sooner than `notBefore` (ms since the epoch). */
export type StepVerdict = { readonly kind: 'done' } | { readonly kind: 'again'; readonly notBefore: number };

export type LaneOptions<T> = {
  /** Tasks at the same time. */
  readonly concurrency: number;
  readonly clock: Clock;
  /** One step of a task. Must not reject, and ends soon once `stop` is aborted; its verdict counts no more then. */
  readonly run: (task: T, stop: AbortSignal) => Promise<StepVerdict>;
};

/**
 * Works on tasks in the order of their deadlines, a limited number at a time. A task that has to wait takes no one's place while it
 * waits.
 */
export class Lane<T extends { readonly deadlineAt: number }> {
  private readonly queue = new DeadlineQueue<T>();
  private readonly running = new Map<T, Promise<void>>();
  private readonly stopping = new AbortController();
  private callOffWake: () => void = () => undefined;

  constructor(private readonly options: LaneOptions<T>) {
    // Each running task listens, more than once.
    setMaxListeners(0, this.stopping.signal);
  }

  get waiting(): number {
    return this.queue.size;
  }

  get active(): number {
    return this.running.size;
  }

  /** All tasks of the lane, in no order. */
  tasks(): T[] {
    return [...this.queue.tasks(), ...this.running.keys()];
  }

  add(task: T, notBefore = 0): void {
    this.queue.add(task, notBefore);
    this.pump();
  }

  /** Takes out tasks that nobody works on at the moment. */
  removeWaiting(condition: (task: T) => boolean): T[] {
    return this.queue.removeWhere(condition);
  }

  /** Begins nothing more, and resolves when all that was begun has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.callOffWake();
    await Promise.all(this.running.values());
  }

  private pump(): void {
    this.callOffWake();
    if (this.stopping.signal.aborted) return;
    const { concurrency, clock } = this.options;
    const now = clock.now();
    while (this.running.size < concurrency) {
      const task = this.queue.take(now);
      if (task === undefined) break;
      this.running.set(task, this.step(task));
    }
    const nextAt = this.queue.nextAt();
    if (nextAt !== undefined && this.running.size < concurrency) {
      this.callOffWake = clock.after(Math.max(1, nextAt - now), () => this.pump());
    }
  }

  private async step(task: T): Promise<void> {
    const verdict = await this.options.run(task, this.stopping.signal);
    this.running.delete(task);
    if (verdict.kind === 'again') this.queue.add(task, verdict.notBefore);
    this.pump();
  }
}
