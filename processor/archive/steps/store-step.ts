import { access } from 'node:fs/promises';
import type { Logger } from '../../../infra/observability/logger.js';
import { BucketMissingError, StoreRefusedError } from '../../../infra/object-store/store-errors.js';
import type { ObjectStore } from '../../../infra/object-store/object-store.js';
import type { ArchiveMetrics } from '../archive-metrics.js';
import { nextDelayMs } from '../backoff.js';
import type { Clock } from '../clock.js';
import type { FailureReason } from '../failure-reason.js';
import type { Outcome } from '../outcome.js';
import type { RecordingJob } from '../recording-job.js';
import type { FetchedRecording, RecordingStore } from '../recording-store.js';
import type { SpillFile } from '../spill/spill-file.js';

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
  /** The role stops: the recording stays on disk for whoever comes next. */
  | { readonly kind: 'dropped' };

export type StoreStepOptions = {
  readonly recordings: RecordingStore;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: () => number;
  /** A recording waits for the store at least so long (ms), also when it was taken up late, after a downtime. */
  readonly leastWaitMs: number;
  readonly metrics: ArchiveMetrics;
  readonly logger: Logger;
};

const BACKOFF = { firstMs: 200, mostMs: 5_000 };

/** One try to bring a recording from the disk to the store. */
export class StoreStep {
  constructor(private readonly options: StoreStepOptions) {}

  async run(task: StoreTask, stop: AbortSignal): Promise<StoreResult> {
    const { recordings } = this.options;
    try {
      const stored = await recordings.put(task.job, task.recording, stop);
      return { kind: 'settled', outcome: { kind: 'archived', ...stored } };
    } catch (error) {
      return stop.aborted ? { kind: 'dropped' } : this.afterFailure(task, error, stop);
    }
  }

  private async afterFailure(task: StoreTask, error: unknown, stop: AbortSignal): Promise<StoreResult> {
    const { clock, random, metrics, logger, store, leastWaitMs } = this.options;
    const { job } = task;
    task.failures += 1;
    if (!(await isThere(task.recording.path))) return settled('spill_failed');
    // Now it has to wait, perhaps longer than the machine lives; who uploads at once is spared the disk's time.
    if (task.failures === 1) await task.spill.sync().catch(() => undefined);
    // An operator may give the rights back any moment: a refusal is waited out like an outage.
    const reason = error instanceof StoreRefusedError ? 'store_refused' : 'store_unavailable';
    metrics.noteFailedAttempt(reason);
    logger.warn({ sessionId: job.sessionId, failures: task.failures, reason, err: error }, 'a try to store failed');
    if (error instanceof BucketMissingError) await store.ensureBucket(stop).catch(() => undefined);
    const remainingMs = Math.max(job.deadlines.storeGiveUpAt, task.since + leastWaitMs) - clock.now();
    const delayMs = nextDelayMs(BACKOFF, task.failures, remainingMs, random());
    return delayMs < remainingMs ? { kind: 'again', notBefore: clock.now() + delayMs } : settled(reason);
  }
}

function settled(reason: FailureReason): StoreResult {
  return { kind: 'settled', outcome: { kind: 'failed', reason } };
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
