import type { Clock } from '../../../infra/async/clock.js';
import type { Logger } from '../../../infra/observability/logger.js';
import type { ArchiveGauges, ArchiveMetrics } from '../archive-metrics.js';
import type { Outcome } from '../recording/outcome.js';
import type { RecordingJob } from '../recording/recording-job.js';
import type { SpillDirectory } from '../spill/spill-directory.js';
import { DeadlineWorkers, type Done, type Retry } from './deadline-workers.js';
import { LossTask, type ConfirmLossStep } from './steps/confirm-loss-step.js';
import { FetchTask, type FetchStep } from './steps/fetch-step.js';
import { ReportTask, type ReportStep } from './steps/report-step.js';
import type { StepResult } from './steps/step-result.js';
import { UploadTask, type UploadStep } from './steps/upload-step.js';

export type ArchivePipelineDeps = {
  readonly fetchStep: FetchStep;
  readonly uploadStep: UploadStep;
  readonly confirmLossStep: ConfirmLossStep;
  readonly reportStep: ReportStep;
  readonly spills: Pick<SpillDirectory, 'discard'>;
  readonly clock: Clock;
  readonly metrics: ArchiveMetrics;
  readonly logger: Logger;
  /** Called when a recording has left the pipeline, or no longer needs its link. */
  readonly onLoadReduced: () => void;
};

/** Maximum number of outcomes in flight to Kafka. A send takes a place in a batch, not a connection. */
const MAX_REPORTS = 1_000;

const DONE: Done = { kind: 'done' };

/**
 * The path of every recording: fetch, upload, report, then release its offset.
 *
 * ```
 *   accept ─▶ fetch ──▶ upload ─▶ report ─▶ settled
 *             │  ▲ │    │  ▲ │      │  ▲
 *             └──┘ │    └──┘ ├▶     └──┘      retry after a failure
 *                  │         │                report at once if the object exists or the wait for the object store is over
 *                  └──▶ confirm loss ──▶      link or file unusable: ask the object store until it answers
 * ```
 *
 * Each step has its own workers, so an object store that is down does not delay downloads. A task that waits for a retry occupies none.
 */
export class ArchivePipeline {
  private readonly fetches: DeadlineWorkers<FetchTask>;
  private readonly uploads: DeadlineWorkers<UploadTask>;
  private readonly losses: DeadlineWorkers<LossTask>;
  private readonly reports: DeadlineWorkers<ReportTask>;

  /** @param concurrency maximum number of simultaneous downloads; separately, the same number of uploads and of questions to the store. */
  constructor(
    private readonly deps: ArchivePipelineDeps,
    concurrency: number,
  ) {
    const { clock } = deps;
    this.fetches = new DeadlineWorkers({ concurrency, clock, run: (task, stop) => this.fetch(task, stop) });
    this.uploads = new DeadlineWorkers({ concurrency, clock, run: (task, stop) => this.upload(task, stop) });
    this.losses = new DeadlineWorkers({ concurrency, clock, run: (task, stop) => this.confirmLoss(task, stop) });
    this.reports = new DeadlineWorkers({ concurrency: MAX_REPORTS, clock, run: (task) => this.report(task) });
  }

  /**
   * Starts to archive a recording, whose offset must have begun.
   * @param isNew nobody can have archived it yet: ask the object store only if its link fails.
   */
  accept(job: RecordingJob, link: string, isNew = false): void {
    this.fetches.add(new FetchTask(job, link, isNew));
  }

  /** Drops recordings of revoked partitions that have not started. Active ones continue: their outcome is as good as the new owner's. */
  dropRevoked(): void {
    const dropped = this.fetches.removeWaiting(({ job }) => job.lease.isRevoked);
    for (const { spill } of dropped) void spill?.remove();
    this.losses.removeWaiting(({ job }) => job.lease.isRevoked);
  }

  /** Number of recordings that still need their link. */
  get unfetched(): number {
    return this.fetches.size;
  }

  /** Number of recordings that are not settled. */
  get pending(): number {
    return this.fetches.size + this.uploads.size + this.losses.size + this.reports.size;
  }

  gauges(): ArchiveGauges {
    const now = this.deps.clock.now();
    const spilled = this.uploads.tasks();
    const tightest = this.fetches
      .tasks()
      .reduce((least, { deadlineAt }) => (deadlineAt > now ? Math.min(least, deadlineAt) : least), Infinity);
    return {
      pending: this.pending,
      downloads: this.fetches.active,
      uploads: this.uploads.active,
      spilled: spilled.length,
      spilledBytes: spilled.reduce((sum, { recording }) => sum + recording.bytes, 0),
      tightestMs: tightest === Infinity ? undefined : tightest - now,
    };
  }

  /** The {@link unfetched} recordings. */
  fetchTasks(): readonly FetchTask[] {
    return this.fetches.tasks();
  }

  /**
   * Aborts downloads and uploads, and waits for outcomes that are on their way. An unsettled recording keeps its offset and, if it is
   * complete, its file for the next owner.
   */
  async stop(): Promise<void> {
    await Promise.all([this.fetches.stop(), this.uploads.stop(), this.losses.stop()]);
    await this.reports.stop();
  }

  private async fetch(task: FetchTask, stop: AbortSignal): Promise<Done | Retry> {
    const result = await this.deps.fetchStep.run(task, stop);
    if (result.kind === 'retry') return result;
    this.deps.onLoadReduced();
    if (result.kind !== 'fetched') await task.spill?.remove();
    return this.forward(task, result);
  }

  private async upload(task: UploadTask, stop: AbortSignal): Promise<Done | Retry> {
    const result = await this.deps.uploadStep.run(task, stop);
    if (result.kind === 'settled' || result.kind === 'lost') await task.spill.remove();
    return this.forward(task, result);
  }

  private async confirmLoss(task: LossTask, stop: AbortSignal): Promise<Done | Retry> {
    return this.forward(task, await this.deps.confirmLossStep.run(task, stop));
  }

  /** Hands a recording to the step that the result calls for. */
  private async forward(
    { job, failures }: FetchTask | UploadTask | LossTask,
    result: StepResult,
  ): Promise<Done | Retry> {
    switch (result.kind) {
      case 'retry':
        return result;
      case 'fetched':
        this.uploads.add(new UploadTask(job, result.spill, result.recording, this.deps.clock.now()));
        return DONE;
      case 'lost':
        this.losses.add(new LossTask(job, result.loss, failures));
        return DONE;
      case 'settled':
        await this.settle(job, failures, result.outcome);
        return DONE;
      case 'dropped':
        return DONE;
      default:
        return result satisfies never;
    }
  }

  private async settle(job: RecordingJob, failures: number, outcome: Outcome): Promise<void> {
    const { logger, spills } = this.deps;
    const { sessionId, projectId, objectStem } = job;
    if (outcome.kind === 'failed') {
      // Copies that others have on disk stay: a later delivery may still be waiting for the object store.
      logger.error(
        { sessionId, projectId, reason: outcome.reason, failures, objectStem },
        "recording lost: download it by hand from the vendor's dashboard; docs/archive.md explains the reason",
      );
    } else {
      const { key, bytes } = outcome.object;
      logger.info({ sessionId, projectId, key, bytes, failures }, 'recording archived');
      await spills.discard(job.fingerprint);
    }
    this.reports.add(new ReportTask(job, outcome));
  }

  private async report(task: ReportTask): Promise<Done | Retry> {
    const result = await this.deps.reportStep.run(task);
    if (result.kind === 'done') {
      task.job.lease.settle(task.job.offset);
      this.deps.metrics.noteSettled(task.outcome);
      this.deps.onLoadReduced();
    }
    return result;
  }
}
