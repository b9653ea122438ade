import { stat } from 'node:fs/promises';
import { deadlineBackoffMs } from '../../../../infra/async/backoff.js';
import type { Clock } from '../../../../infra/async/clock.js';
import type { ObjectStore } from '../../../../infra/object-store/object-store.js';
import { BrokenBodyError, BucketMissingError, StoreRefusedError } from '../../../../infra/object-store/store-errors.js';
import type { Logger } from '../../../../infra/observability/logger.js';
import type { ArchiveMetrics } from '../../archive-metrics.js';
import type { FetchedRecording } from '../../recording/fetched-recording.js';
import type { RecordingJob } from '../../recording/recording-job.js';
import { isIntact } from '../../spill/manifest.js';
import type { SpillFile } from '../../spill/spill-file.js';
import type { RecordingStore } from '../../store/recording-store.js';
import type { Retry } from '../deadline-workers.js';
import { levelOfAttempt, OBJECT_STORE_BACKOFF } from './object-store-retries.js';
import { failed, type Dropped, type Lost, type Settled } from './step-result.js';
import { UploadPause } from './upload-pause.js';

/** A recording that is complete on disk and not in the object store yet. Its link is dropped. */
export class UploadTask {
  failures = 0;

  /** @param since when it was completed on disk or adopted from there (ms since the epoch). */
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

export type UploadStepDeps = {
  readonly recordings: RecordingStore;
  readonly objectStore: ObjectStore;
  readonly clock: Clock;
  readonly metrics: ArchiveMetrics;
  readonly logger: Logger;
};

export type UploadStepOptions = {
  /** Minimum time (ms) that a recording waits for the object store, for recordings that were read after a downtime. */
  readonly minWaitMs: number;
  /** Maximum number of simultaneous uploads. */
  readonly concurrency: number;
};

/** One attempt to upload a recording from disk to the object store. */
export class UploadStep {
  private readonly pause: UploadPause;

  constructor(
    private readonly deps: UploadStepDeps,
    private readonly options: UploadStepOptions,
  ) {
    this.pause = new UploadPause(options.concurrency);
  }

  /** `dropped` leaves the file on disk for the next owner. */
  async run(task: UploadTask, stop: AbortSignal): Promise<Settled | Retry | Lost | Dropped> {
    const { recordings, clock } = this.deps;
    if (clock.now() < this.pause.until) return { kind: 'retry', notBefore: this.pause.until };
    try {
      const stored = await recordings.put(task.job, task.recording, stop);
      this.pause.succeeded();
      return { kind: 'settled', outcome: { kind: 'archived', ...stored } };
    } catch (error) {
      return stop.aborted ? { kind: 'dropped' } : this.afterFailure(task, error, stop);
    }
  }

  private async afterFailure(task: UploadTask, error: unknown, stop: AbortSignal): Promise<Settled | Retry | Lost> {
    const { clock, metrics, objectStore } = this.deps;
    task.failures += 1;
    const giveUpAt = Math.max(task.job.deadlines.storeGiveUpAt, task.since + this.options.minWaitMs);
    if (!(await isUnchanged(task.recording, error))) {
      return { kind: 'lost', loss: { reason: 'spill_failed', askUntil: giveUpAt } };
    }
    // The recording may now wait longer than the machine runs. Without a failure, the disk is spared the fsync.
    if (task.failures === 1) await task.spill.sync().catch(() => undefined);
    // Wait out a refusal like an outage: an operator may restore the permissions at any moment.
    const reason = error instanceof StoreRefusedError ? 'store_refused' : 'store_unavailable';
    metrics.noteFailedAttempt(reason);
    if (error instanceof BucketMissingError) await objectStore.ensureBucket(stop).catch(() => undefined);
    const now = clock.now();
    const remainingMs = giveUpAt - now;
    this.pause.failed(now, remainingMs);
    const delayMs = deadlineBackoffMs(OBJECT_STORE_BACKOFF, task.failures, remainingMs);
    if (delayMs >= remainingMs) {
      this.log(
        task,
        { reason, err: error },
        'upload to the object store failed; giving up, the time to wait for it is over',
      );
      return failed(reason);
    }
    const details = { reason, retryInMs: Math.round(delayMs), giveUpAt: new Date(giveUpAt).toISOString(), err: error };
    this.log(task, details, 'upload to the object store failed; retrying, the recording is safe on disk until then');
    return { kind: 'retry', notBefore: now + delayMs };
  }

  private log({ job, failures, recording }: UploadTask, details: object, message: string): void {
    const { sessionId, projectId } = job;
    const { path } = recording;
    this.deps.logger[levelOfAttempt(failures)]({ sessionId, projectId, failures, path, ...details }, message);
  }
}

/** Whether the file can still be uploaded: it exists with its full length and, if the object store complained, the right hash. */
async function isUnchanged(recording: FetchedRecording, error: unknown): Promise<boolean> {
  const size = await stat(recording.path).then(
    (stats) => stats.size,
    () => undefined,
  );
  if (size !== recording.bytes) return false;
  return !(error instanceof BrokenBodyError) || (await isIntact(recording.path, recording));
}
