import { setMaxListeners } from 'node:events';
import type { Cancel, Clock } from '../../../infra/async/clock.js';
import { DeadlineQueue } from './deadline-queue.js';

/** The task has left the workers. */
export type Done = { readonly kind: 'done' };
/** The task must run again, no sooner than `notBefore` (ms since the epoch). */
export type Retry = { readonly kind: 'retry'; readonly notBefore: number };

export type DeadlineWorkersOptions<T> = {
  /** Maximum number of tasks that run at the same time. */
  readonly concurrency: number;
  readonly clock: Clock;
  /** Runs a task once. Must not reject. Must end soon after `stop` is aborted; its result is ignored then. */
  readonly run: (task: T, stop: AbortSignal) => Promise<Done | Retry>;
};

/** Runs tasks in the order of their deadlines, a limited number at a time. A task that waits for a retry occupies no worker. */
export class DeadlineWorkers<T extends { readonly deadlineAt: number }> {
  private readonly queue = new DeadlineQueue<T>();
  private readonly running = new Map<T, Promise<void>>();
  private readonly stopping = new AbortController();
  private cancelWakeup: Cancel = () => undefined;

  constructor(private readonly options: DeadlineWorkersOptions<T>) {
    // Each running task may add several listeners.
    setMaxListeners(0, this.stopping.signal);
  }

  get waiting(): number {
    return this.queue.size;
  }

  get active(): number {
    return this.running.size;
  }

  /** Number of tasks, waiting and active. */
  get size(): number {
    return this.waiting + this.active;
  }

  /** All tasks, waiting and active, in no particular order. */
  tasks(): T[] {
    return [...this.queue.tasks(), ...this.running.keys()];
  }

  add(task: T, notBefore = 0): void {
    this.queue.add(task, notBefore);
    this.pump();
  }

  /** Removes and returns the waiting tasks that satisfy `condition`. */
  removeWaiting(condition: (task: T) => boolean): T[] {
    return this.queue.removeWhere(condition);
  }

  /** Starts no more tasks and aborts the running ones. Resolves when all of them have ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.cancelWakeup();
    await Promise.all(this.running.values());
  }

  private pump(): void {
    this.cancelWakeup();
    if (this.stopping.signal.aborted) return;
    const { concurrency, clock } = this.options;
    const now = clock.now();
    while (this.running.size < concurrency) {
      const task = this.queue.dequeue(now);
      if (task === undefined) break;
      this.running.set(task, this.run(task));
    }
    const nextAt = this.queue.nextAt();
    if (nextAt !== undefined && this.running.size < concurrency) {
      this.cancelWakeup = clock.after(Math.max(1, nextAt - now), () => this.pump());
    }
  }

  private async run(task: T): Promise<void> {
    const result = await this.options.run(task, this.stopping.signal);
    this.running.delete(task);
    if (result.kind === 'retry') this.queue.add(task, result.notBefore);
    this.pump();
  }
}
