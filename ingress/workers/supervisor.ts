import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Backoff } from '../../infra/async/backoff.js';
import { systemClock, type Cancel, type Clock } from '../../infra/async/clock.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { SupervisorMessage, WorkerMessage } from './messages.js';
import { Scrapes } from './scrapes.js';

export type SupervisorOptions = {
  /** Number of workers, numbered from 1. */
  readonly workers: number;
  /** Time that workers have to stop, their shutdown delay included, before they are killed. */
  readonly drainMs: number;
};

export type SupervisorDeps = {
  /** Starts a worker process with an IPC channel. */
  readonly fork: (worker: number) => ChildProcess;
  readonly logger: Logger;
  readonly clock?: Clock;
};

/** Delay of restarts. Resets when a worker has run for {@link STEADY_MS}. */
const RESTART_BACKOFF = { initialMs: 100, maxMs: 10_000 };
const STEADY_MS = 60_000;

/** Keeps workers running on one shared port: restarts those that die, and stops all together. Does no other work that could fail. */
export class Supervisor {
  private readonly running = new Map<number, ChildProcess>();
  private readonly restarts = new Map<number, Cancel>();
  private readonly scrapes: Scrapes;
  private readonly clock: Clock;
  private stopping = false;

  constructor(
    private readonly options: SupervisorOptions,
    private readonly deps: SupervisorDeps,
  ) {
    this.clock = deps.clock ?? systemClock;
    this.scrapes = new Scrapes(this.clock);
  }

  start(): void {
    for (let worker = 1; worker <= this.options.workers; worker += 1) this.launch(worker, new Backoff(RESTART_BACKOFF));
  }

  /** Makes each worker read its secrets and certificates again. Not by a signal, which would kill a worker that is still loading its code. */
  readonly onReload = (): void => {
    for (const worker of this.running.keys()) this.send(worker, { kind: 'reload' });
  };

  /** Lets all workers drain. @throws Error when a worker fails or must be killed. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const cancel of this.restarts.values()) cancel();
    const children = [...this.running.values()];
    const cancelKill = this.clock.after(this.options.drainMs, () => {
      for (const child of children) child.kill('SIGKILL');
    });
    const exits = children.map((child) => once(child, 'exit'));
    for (const child of children) child.kill('SIGTERM');
    const codes = (await Promise.all(exits)).map(([code]) => code as number | null);
    cancelKill();
    if (codes.some((code) => code !== 0)) throw new Error(`not every worker drained: exit codes ${codes.join(', ')}`);
  }

  private launch(worker: number, backoff: Backoff): void {
    const { fork, logger } = this.deps;
    const startedAt = this.clock.monotonic();
    const child = fork(worker);
    this.running.set(worker, child);
    child.on('message', (message) => this.receive(worker, message as WorkerMessage));
    child.once('exit', (code, signal) => {
      this.running.delete(worker);
      if (this.stopping) return;
      if (this.clock.monotonic() - startedAt > STEADY_MS) backoff.reset();
      const restartMs = Math.round(backoff.nextMs());
      logger.error({ worker, code, signal, restartMs }, 'worker died, restarting it');
      this.restarts.set(
        worker,
        this.clock.after(restartMs, () => this.launch(worker, backoff)),
      );
    });
  }

  private receive(worker: number, message: WorkerMessage): void {
    switch (message.kind) {
      case 'scrape':
        this.scrapes.begin(
          [...this.running.keys()],
          (other, id) => this.send(other, { kind: 'report-please', id }),
          (reports) => this.send(worker, { kind: 'scraped', id: message.id, reports }),
        );
        return;
      case 'report':
        this.scrapes.report(message.id, worker, message.metrics);
    }
  }

  private send(worker: number, message: SupervisorMessage): void {
    // Errors are ignored: a worker that has just died emits `exit`.
    this.running.get(worker)?.send(message, () => undefined);
  }
}
