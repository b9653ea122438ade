import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Backoff } from '../../infra/async/backoff.js';
import type { Cancel, Clock } from '../../infra/async/clock.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { ReportAnswer, RescueMessage } from '../../infra/spool/rescue-messages.js';
import type { EventSink } from '../delivery/event-sink.js';
import type { RescueMetrics } from './rescue-metrics.js';

export type RescueProcessDeps = {
  /** Starts the rescue with an IPC channel. */
  readonly fork: () => ChildProcess;
  /** Makes the reports of the rescue durable. */
  readonly sink: Pick<EventSink, 'accept'>;
  readonly metrics: RescueMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
};

/** Delay of restarts. Resets when the process has run for {@link STEADY_MS}. */
const RESTART_BACKOFF = { initialMs: 1_000, maxMs: 60_000, minMs: 500 };
const STEADY_MS = 60_000;

/**
 * Keeps the rescue running beside the ingress. Whatever happens to it, the ingress goes on: it restarts a process that has ended, and
 * kills one that does not stop in time.
 */
export class RescueProcess {
  private child: ChildProcess | undefined;
  private isStopping = false;
  private cancelRestart: Cancel = () => undefined;
  private readonly backoff = new Backoff(RESTART_BACKOFF);

  constructor(private readonly deps: RescueProcessDeps) {}

  start(): void {
    const { fork, metrics, clock } = this.deps;
    const startedAt = clock.monotonic();
    const child = fork();
    this.child = child;
    metrics.processStarted();
    child.on('message', (message) => this.receive(child, message as RescueMessage));
    // A process that could not be started emits no `exit`.
    child.once('error', (err) => this.ended(child, startedAt, { err }));
    child.once('exit', (code, signal) => this.ended(child, startedAt, { code, signal }));
  }

  /** Lets the rescue end its transfers. Resolves when it has ended, after `withinMs` at the latest. */
  async stop(withinMs: number): Promise<void> {
    this.isStopping = true;
    this.cancelRestart();
    const { child } = this;
    if (child === undefined) return;
    const cancelKill = this.deps.clock.after(withinMs, () => child.kill('SIGKILL'));
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit.catch(() => undefined);
    cancelKill();
  }

  private ended(child: ChildProcess, startedAt: number, end: object): void {
    if (this.child !== child) return;
    const { metrics, logger, clock } = this.deps;
    this.child = undefined;
    metrics.processEnded();
    if (this.isStopping) return;
    if (clock.monotonic() - startedAt > STEADY_MS) this.backoff.reset();
    const restartMs = Math.round(this.backoff.nextMs());
    logger.error(
      { ...end, restartMs },
      'rescue of recordings ended, restarting it; events are still accepted. Its own lines say why: check S3_* and ARCHIVE_*',
    );
    this.cancelRestart = clock.after(restartMs, () => this.start());
  }

  private receive(child: ChildProcess, message: RescueMessage): void {
    switch (message.kind) {
      case 'state':
        this.deps.metrics.update(message.state);
        return;
      case 'report': {
        const { id, key, body, headers } = message;
        // Errors are ignored: a process that has just ended emits `exit`.
        const answer = (reply: ReportAnswer): void => void child.send(reply, () => undefined);
        this.deps.sink.accept({ stream: 'events', key, body: Buffer.from(body), headers }, (outcome) => {
          if (outcome.kind === 'stored') answer({ kind: 'stored', id });
          else
            answer({ kind: 'refused', id, reason: outcome.kind === 'refused' ? outcome.reason : 'Kafka rejects it' });
        });
      }
    }
  }
}
