import type { Logger } from '../../../infra/observability/logger.js';
import type { JoinMetrics } from '../join-metrics.js';

/** How often a restore that takes long says how far it is. */
const SAY_EVERY_MS = 5_000;
/** The clock is not asked for each record. */
const LOOK_EVERY_RECORDS = 1_024;

/** Follows restores of a partition: log lines and metrics. */
export class RestoreProgress {
  private startedAt = 0;
  private saidAt = 0;
  private counted = 0;
  private isRunning = false;
  private recordsRead = 0;

  constructor(
    private readonly partition: number,
    private readonly metrics: JoinMetrics,
    private readonly logger: Logger,
    private readonly monotonicMs: () => number,
  ) {}

  begin(): void {
    this.startedAt = this.saidAt = this.monotonicMs();
    this.isRunning = true;
    this.metrics.restoring.inc();
    this.logger.info({ partition: this.partition }, 'restore begins');
  }

  noteRecord(): void {
    this.recordsRead += 1;
    if (this.recordsRead % LOOK_EVERY_RECORDS !== 0) return;
    this.count();
    if (this.monotonicMs() - this.saidAt < SAY_EVERY_MS) return;
    this.saidAt = this.monotonicMs();
    this.logger.info({ partition: this.partition, records: this.recordsRead }, 'restore goes on');
  }

  /** @param isComplete false when it failed or was given up. */
  end(isComplete: boolean): void {
    if (!this.isRunning) return;
    this.isRunning = false;
    this.count();
    this.metrics.restoring.dec();
    if (!isComplete) return;
    const ms = this.monotonicMs() - this.startedAt;
    this.metrics.restoreSeconds.observe(ms / 1_000);
    this.logger.info({ partition: this.partition, records: this.recordsRead, ms: Math.round(ms) }, 'restored');
  }

  private count(): void {
    this.metrics.restoredRecords.inc(this.recordsRead - this.counted);
    this.counted = this.recordsRead;
  }
}
