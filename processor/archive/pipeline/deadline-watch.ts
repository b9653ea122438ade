import type { Cancel, Clock } from '../../../infra/async/clock.js';
import type { Logger } from '../../../infra/observability/logger.js';
import type { FetchTask } from './steps/fetch-step.js';

export type DeadlineWatchDeps = {
  /** The recordings that are not downloaded yet. */
  readonly fetchTasks: () => readonly FetchTask[];
  readonly clock: Clock;
  readonly logger: Logger;
};

const INTERVAL_MS = 1_000;
/** Maximum number of sessions that a warning names. When thousands are at risk, the number is what matters. */
const MAX_NAMED = 10;

/** Warns once about each recording whose link expires soon and that is not downloaded yet, while an operator can still act. */
export class DeadlineWatch {
  private cancelNext: Cancel = () => undefined;

  /** @param withinMs warn when a download has less than this left until its deadline. */
  constructor(
    private readonly deps: DeadlineWatchDeps,
    private readonly withinMs: number,
  ) {}

  /** Checks now and then every second. */
  start(): void {
    this.check();
    this.cancelNext = this.deps.clock.after(INTERVAL_MS, () => this.start());
  }

  stop(): void {
    this.cancelNext();
  }

  private check(): void {
    const { fetchTasks, clock, logger } = this.deps;
    const now = clock.now();
    const atRisk = fetchTasks().filter(({ warned, deadlineAt }) => !warned && deadlineAt - now < this.withinMs);
    if (atRisk.length === 0) return;
    for (const task of atRisk) task.warned = true;
    const soonestMs = atRisk.reduce((least, { deadlineAt }) => Math.min(least, deadlineAt - now), Infinity);
    logger.warn(
      {
        recordings: atRisk.length,
        soonestSeconds: Math.round(soonestMs / 1_000),
        maxFailures: atRisk.reduce((most, { failures }) => Math.max(most, failures), 0),
        sessions: atRisk.slice(0, MAX_NAMED).map(({ job: { sessionId, projectId } }) => ({ sessionId, projectId })),
      },
      'recordings at risk: their links expire soon and they are not downloaded yet; still trying, ' +
        'check the source, the network and ARCHIVE_CONCURRENCY',
    );
  }
}
