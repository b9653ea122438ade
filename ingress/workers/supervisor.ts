import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Logger } from '../../infra/observability/logger.js';
import type { SupervisorMessage, WorkerMessage } from './messages.js';
import { Scrapes } from './scrapes.js';

export type SupervisorOptions = {
  /** Workers are numbered from 1. */
  readonly workers: number;
  /** Starts a worker process with an IPC channel. */
  readonly fork: (worker: number) => ChildProcess;
  readonly logger: Logger;
  /** How long workers may drain before they are killed. */
  readonly drainMs: number;
  /** No worker can run: end the program. */
  readonly onUnfit: (error: Error) => void;
};

/** Restarts of a worker wait longer each time, unless it had run for a while. */
const FIRST_BACKOFF_MS = 100;
const LAST_BACKOFF_MS = 10_000;
const STEADY_MS = 60_000;

/**
 * Keeps workers running on one shared port, starts a dead one again, and stops them together.
 * It does no work of its own, so there is little that could stop it.
 */
export class Supervisor {
  private readonly running = new Map<number, ChildProcess>();
  private readonly restarts = new Map<number, NodeJS.Timeout>();
  private readonly scrapes = new Scrapes();
  private stopping = false;

  constructor(private readonly options: SupervisorOptions) {}

  start(): void {
    for (let worker = 1; worker <= this.options.workers; worker += 1) this.launch(worker, FIRST_BACKOFF_MS);
  }

  /** Lets all workers drain. @throws Error when one did not end well. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const timer of this.restarts.values()) clearTimeout(timer);
    const children = [...this.running.values()];
    const killer = setTimeout(() => {
      for (const child of children) child.kill('SIGKILL');
    }, this.options.drainMs);
    const exits = children.map((child) => once(child, 'exit'));
    for (const child of children) child.kill('SIGTERM');
    const codes = (await Promise.all(exits)).map(([code]) => code as number | null);
    clearTimeout(killer);
    if (codes.some((code) => code !== 0)) throw new Error(`not every worker drained: exit codes ${codes.join(', ')}`);
  }

  private launch(worker: number, backoffMs: number): void {
    const { fork, logger } = this.options;
    const startedAt = performance.now();
    const child = fork(worker);
    this.running.set(worker, child);
    child.on('message', (message) => this.receive(worker, message as WorkerMessage));
    child.once('exit', (code, signal) => {
      this.running.delete(worker);
      if (this.stopping) return;
      const waitMs = performance.now() - startedAt > STEADY_MS ? FIRST_BACKOFF_MS : backoffMs;
      logger.error({ worker, code, signal, waitMs }, 'worker died, starting it again');
      this.restarts.set(
        worker,
        setTimeout(() => this.launch(worker, Math.min(LAST_BACKOFF_MS, 2 * waitMs)), waitMs),
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
        return;
      case 'unfit':
        this.options.onUnfit(new Error(message.message));
    }
  }

  private send(worker: number, message: SupervisorMessage): void {
    // One that has just died is noticed by its exit.
    this.running.get(worker)?.send(message, () => undefined);
  }
}
