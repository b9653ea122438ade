import type { Logger } from '../../../infra/observability/logger.js';
import type { ArchiveGauges, ArchiveMetrics } from '../archive-metrics.js';
import type { Clock } from '../../../infra/async/clock.js';
import { Lane, type StepVerdict } from './deadline-workers.js';
import type { Outcome } from '../recording/outcome.js';
import type { RecordingJob } from '../recording/recording-job.js';
import type { SpillDirectory, SpilledRecording } from '../spill/spill-directory.js';
import { LossTask, type ConfirmLossStep, type Loss } from './steps/confirm-loss-step.js';
import { FetchTask, type FetchStep } from './steps/fetch-step.js';
import { ReportTask, type ReportStep } from './steps/report-step.js';
import { StoreTask, type StoreStep } from './steps/store-step.js';

export type ArchivePipelineOptions = {
  readonly fetchStep: FetchStep;
  readonly storeStep: StoreStep;
  readonly confirmLossStep: ConfirmLossStep;
  readonly reportStep: ReportStep;
  readonly spills: Pick<SpillDirectory, 'discard'>;
  /** Downloads at the same time, and as many uploads, and questions to the store, beside them. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly metrics: ArchiveMetrics;
  readonly logger: Logger;
  /** A recording has left the pipeline, or does not need its link any more. */
  readonly onRelief: () => void;
};

/** Outcomes on their way to the log; a send takes its place in a batch, not a connection. */
const REPORTS_AT_ONCE = 1_000;

const DONE: StepVerdict = { kind: 'done' };

/**
 * The way of every recording: fetch, store, report, then its offset is released.
 *
 * ```
 *   accept ─▶ fetch ──▶ store ──▶ report ─▶ settled
 *             │  ▲ │    │  ▲ │      │  ▲
 *             └──┘ │    └──┘ ├▶     └──┘      a failed try comes back after a while
 *                  │         │                the object was there already, or the store was away for too long: report
 *                  └──▶ confirm loss ──▶      the link or the file is dead: the store is asked until it answers
 * ```
 *
 * Each step has a lane of its own: a store that is away does not keep links waiting, and whoever waits for a retry takes no place.
 */
export class ArchivePipeline {
  private readonly fetching: Lane<FetchTask>;
  private readonly storing: Lane<StoreTask>;
  private readonly confirming: Lane<LossTask>;
  private readonly reporting: Lane<ReportTask>;

  constructor(private readonly options: ArchivePipelineOptions) {
    const { concurrency, clock } = options;
    this.fetching = new Lane({ concurrency, clock, run: (task, stop) => this.fetch(task, stop) });
    this.storing = new Lane({ concurrency, clock, run: (task, stop) => this.store(task, stop) });
    this.confirming = new Lane({ concurrency, clock, run: (task, stop) => this.confirmLoss(task, stop) });
    this.reporting = new Lane({ concurrency: REPORTS_AT_ONCE, clock, run: (task) => this.report(task) });
  }

  /**
   * Takes up a recording; its offset must have been begun.
   * @param isNew nobody can have archived it: the store is asked only if its link leads to nothing.
   */
  accept(job: RecordingJob, link: string, isNew = false): void {
    this.fetching.add(new FetchTask(job, link, isNew));
  }

  /** Drops what has not begun of partitions that have another owner now. What is under way goes on: its outcome is as good as theirs. */
  dropRevoked(): void {
    const dropped = this.fetching.removeWaiting(({ job }) => job.lease.isRevoked);
    for (const { spill } of dropped) void spill?.remove();
    this.confirming.removeWaiting(({ job }) => job.lease.isRevoked);
  }

  /** Recordings whose link has not been used up. */
  get unfetched(): number {
    return this.fetching.waiting + this.fetching.active;
  }

  /** Recordings that are not settled. */
  get pending(): number {
    const lanes = [this.fetching, this.storing, this.confirming, this.reporting];
    return lanes.reduce((sum, lane) => sum + lane.waiting + lane.active, 0);
  }

  gauges(): ArchiveGauges {
    const now = this.options.clock.now();
    const spilled = this.storing.tasks();
    const tightest = this.fetching
      .tasks()
      .reduce((least, { deadlineAt }) => (deadlineAt > now ? Math.min(least, deadlineAt) : least), Infinity);
    return {
      pending: this.pending,
      downloads: this.fetching.active,
      uploads: this.storing.active,
      spilled: spilled.length,
      spilledBytes: spilled.reduce((sum, { recording }) => sum + recording.bytes, 0),
      tightestMs: tightest === Infinity ? undefined : tightest - now,
    };
  }

  /** The {@link unfetched} ones. */
  fetchTasks(): readonly FetchTask[] {
    return this.fetching.tasks();
  }

  /**
   * Breaks off downloads and uploads, and waits for outcomes that are on their way. What is not settled keeps its offset and, if it is
   * complete, its file: the next owner takes it up again.
   */
  async stop(): Promise<void> {
    await Promise.all([this.fetching, this.storing, this.confirming].map((lane) => lane.stop()));
    await this.reporting.stop();
  }

  private async fetch(task: FetchTask, stop: AbortSignal): Promise<StepVerdict> {
    const result = await this.options.fetchStep.run(task, stop);
    if (result.kind === 'again') return result;
    this.options.onRelief();
    if (result.kind === 'fetched') return this.fetched(task.job, result);
    await task.spill?.remove();
    if (result.kind === 'lost') this.confirm(task, result.loss);
    if (result.kind === 'settled') await this.settle(task, result.outcome);
    return DONE;
  }

  private async store(task: StoreTask, stop: AbortSignal): Promise<StepVerdict> {
    const result = await this.options.storeStep.run(task, stop);
    if (result.kind === 'again') return result;
    if (result.kind === 'dropped') return DONE;
    await task.spill.remove();
    if (result.kind === 'lost') this.confirm(task, result.loss);
    else await this.settle(task, result.outcome);
    return DONE;
  }

  private async confirmLoss(task: LossTask, stop: AbortSignal): Promise<StepVerdict> {
    const result = await this.options.confirmLossStep.run(task, stop);
    if (result.kind === 'again') return result;
    if (result.kind === 'fetched') return this.fetched(task.job, result);
    if (result.kind === 'settled') await this.settle(task, result.outcome);
    return DONE;
  }

  private fetched(job: RecordingJob, { spill, recording }: SpilledRecording): StepVerdict {
    this.storing.add(new StoreTask(job, spill, recording, this.options.clock.now()));
    return DONE;
  }

  private confirm({ job, failures }: FetchTask | StoreTask, loss: Loss): void {
    this.confirming.add(new LossTask(job, loss, failures));
  }

  private async settle({ job, failures }: FetchTask | StoreTask | LossTask, outcome: Outcome): Promise<void> {
    const { logger, spills } = this.options;
    const { sessionId, projectId } = job;
    if (outcome.kind === 'failed') {
      // What others have of it on disk stays: a later delivery may still be waiting for the store.
      logger.error({ sessionId, projectId, failures, reason: outcome.reason }, 'recording lost');
    } else {
      const { key, bytes } = outcome.object;
      logger.info({ sessionId, key, bytes, failures }, 'recording archived');
      await spills.discard(job.fingerprint);
    }
    this.reporting.add(new ReportTask(job, outcome));
  }

  private async report(task: ReportTask): Promise<StepVerdict> {
    const verdict = await this.options.reportStep.run(task);
    if (verdict.kind === 'done') {
      task.job.lease.offsets.settle(task.job.offset);
      this.options.metrics.noteSettled(task.outcome);
      this.options.onRelief();
    }
    return verdict;
  }
}
