import type { Clock } from '../../../infra/async/clock.js';
import type { Logger } from '../../../infra/observability/logger.js';
import type { JoinMetrics } from '../join-metrics.js';

/** Interval of the log lines of a long restore. */
const LOG_INTERVAL_MS = 5_000;
/** Records between two readings of the clock, which would cost too much for each record. */
const RECORDS_PER_CHECK = 1_024;

export type RestoreProgressDeps = {
  readonly metrics: JoinMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
};

/** Reports the restore of a partition in log lines and metrics. */
export class RestoreProgress {
  private startedAt = 0;
  private loggedAt = 0;
  private counted = 0;
  private isRunning = false;
  private recordsRead = 0;

  /** @param topic of the changelog. */
  constructor(
    private readonly topic: string,
    private readonly partition: number,
    private readonly deps: RestoreProgressDeps,
  ) {}

  begin(): void {
    const { clock, metrics } = this.deps;
    this.startedAt = this.loggedAt = clock.monotonic();
    this.isRunning = true;
    metrics.restoring.inc();
    this.log('restoring join state from the changelog');
  }

  noteRecord(): void {
    this.recordsRead += 1;
    if (this.recordsRead % RECORDS_PER_CHECK !== 0) return;
    this.count();
    const now = this.deps.clock.monotonic();
    if (now - this.loggedAt < LOG_INTERVAL_MS) return;
    this.loggedAt = now;
    this.log('still restoring join state');
  }

  /** @param isComplete false when the restore failed or was cancelled. */
  end(isComplete: boolean): void {
    if (!this.isRunning) return;
    this.isRunning = false;
    this.count();
    const { clock, metrics } = this.deps;
    metrics.restoring.dec();
    if (!isComplete) return;
    const ms = clock.monotonic() - this.startedAt;
    metrics.restoreSeconds.observe(ms / 1_000);
    this.log('restored join state', { ms: Math.round(ms) });
  }

  private log(message: string, more: object = {}): void {
    const { topic, partition, recordsRead: records } = this;
    this.deps.logger.info({ topic, partition, records, ...more }, message);
  }

  private count(): void {
    this.deps.metrics.restoredRecords.inc(this.recordsRead - this.counted);
    this.counted = this.recordsRead;
  }
}
