import { stat } from 'node:fs/promises';
import type { Logger } from '../../../../infra/observability/logger.js';
import { BrokenBodyError, BucketMissingError, StoreRefusedError } from '../../../../infra/object-store/store-errors.js';
import type { ObjectStore } from '../../../../infra/object-store/object-store.js';
import type { ArchiveMetrics } from '../../archive-metrics.js';
import { deadlineBackoffMs } from '../../../../infra/async/backoff.js';
import type { Clock } from '../../../../infra/async/clock.js';
import type { Outcome } from '../../recording/outcome.js';
import type { RecordingJob } from '../../recording/recording-job.js';
import type { FetchedRecording, RecordingStore } from '../../store/recording-store.js';
import { isIntact } from '../../spill/manifest.js';
import type { SpillFile } from '../../spill/spill-file.js';
import type { Loss } from './confirm-loss-step.js';
import { levelOfTry, STORE_BACKOFF } from './store-patience.js';
import { StoreRest } from './store-rest.js';

/** A recording that is on disk and not yet in the store. Its link is forgotten. */
export class StoreTask {
  failures = 0;

  /** @param since when it was complete on disk, or taken up from there (ms since the epoch). */
  constructor(
    readonly job: RecordingJob,
    readonly spill: SpillFile,
    readonly recording: FetchedRecording,
    readonly since: number,
  ) {}

  get deadlineAt(): number {
    return this.job.deadlines.giveUpAt;
  }
}

export type StoreResult =
  | { readonly kind: 'settled'; readonly outcome: Outcome }
  | { readonly kind: 'again'; readonly notBefore: number }
  /** The file on disk is broken. */
  | { readonly kind: 'lost'; readonly loss: Loss }
  /** The role stops: the recording stays on disk for whoever comes next. */
  | { readonly kind: 'dropped' };

export type StoreStepOptions = {
  readonly recordings: RecordingStore;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: () => number;
  /** A recording waits for the store at least so long (ms), also when it was taken up late, after a downtime. */
  readonly leastWaitMs: number;
  /** Uploads at the same time. */
  readonly concurrency: number;
  readonly metrics: ArchiveMetrics;
  readonly logger: Logger;
};

/** One try to bring a recording from the disk to the store. */
export class StoreStep {
  private readonly rest: StoreRest;

  constructor(private readonly options: StoreStepOptions) {
    this.rest = new StoreRest(options.concurrency);
  }

  async run(task: StoreTask, stop: AbortSignal): Promise<StoreResult> {
    const { recordings, clock } = this.options;
    if (clock.now() < this.rest.until) return { kind: 'again', notBefore: this.rest.until };
    try {
      const stored = await recordings.put(task.job, task.recording, stop);
      this.rest.succeeded();
      return { kind: 'settled', outcome: { kind: 'archived', ...stored } };
    } catch (error) {
      return stop.aborted ? { kind: 'dropped' } : this.afterFailure(task, error, stop);
    }
  }

  private async afterFailure(task: StoreTask, error: unknown, stop: AbortSignal): Promise<StoreResult> {
    const { clock, random, metrics, logger, store, leastWaitMs } = this.options;
    const { job } = task;
    task.failures += 1;
    const giveUpAt = Math.max(job.deadlines.storeGiveUpAt, task.since + leastWaitMs);
    if (!(await isWhole(task.recording, error)))
      return { kind: 'lost', loss: { reason: 'spill_failed', askUntil: giveUpAt } };
    // Now it has to wait, perhaps longer than the machine lives; who uploads at once is spared the disk's time.
    if (task.failures === 1) await task.spill.sync().catch(() => undefined);
    // An operator may give the rights back any moment: a refusal is waited out like an outage.
    const reason = error instanceof StoreRefusedError ? 'store_refused' : 'store_unavailable';
    metrics.noteFailedAttempt(reason);
    logger[levelOfTry(task.failures)](
      { sessionId: job.sessionId, failures: task.failures, reason, err: error },
      'a try to store failed',
    );
    if (error instanceof BucketMissingError) await store.ensureBucket(stop).catch(() => undefined);
    const remainingMs = giveUpAt - clock.now();
    this.rest.failed(clock.now(), remainingMs, random());
    const delayMs = deadlineBackoffMs(STORE_BACKOFF, task.failures, remainingMs, random());
    if (delayMs < remainingMs) return { kind: 'again', notBefore: clock.now() + delayMs };
    return { kind: 'settled', outcome: { kind: 'failed', reason } };
  }
}

/** Whether it can be worth another try: nobody has removed the file, cut it, or, when the store says so, changed it. */
async function isWhole(recording: FetchedRecording, error: unknown): Promise<boolean> {
  const size = await stat(recording.path).then(
    (stats) => stats.size,
    () => undefined,
  );
  if (size !== recording.bytes) return false;
  return !(error instanceof BrokenBodyError) || (await isIntact(recording.path, recording));
}
