import { deadlineBackoffMs } from '../../../../infra/async/backoff.js';
import type { Clock } from '../../../../infra/async/clock.js';
import type { Logger } from '../../../../infra/observability/logger.js';
import type { ArchiveMetrics } from '../../archive-metrics.js';
import { retryPolicy } from '../../recording/failure-reason.js';
import type { RecordingJob } from '../../recording/recording-job.js';
import type { Downloader } from '../../source/download.js';
import type { SourceFault } from '../../source/source-fault.js';
import type { SpillDirectory, SpilledRecording } from '../../spill/spill-directory.js';
import type { SpillFile } from '../../spill/spill-file.js';
import type { Retry } from '../deadline-workers.js';
import type { EarlierCopies } from './earlier-copies.js';
import { logBug } from './log-bug.js';
import { archivedBefore, type Dropped, type Fetched, type Lost, type Settled } from './step-result.js';

/** A recording that is not downloaded yet. The link is held by this task and nowhere else. */
export class FetchTask {
  spill: SpillFile | undefined;
  failures = 0;
  /** Failures that are rarely transient. */
  refusals = 0;
  /** Whether a warning about the deadline has been logged. */
  warned = false;

  constructor(
    readonly job: RecordingJob,
    readonly link: string,
    readonly isNew: boolean,
  ) {}

  get deadlineAt(): number {
    return this.job.deadlines.giveUpAt;
  }
}

export type FetchStepDeps = {
  readonly copies: EarlierCopies;
  readonly downloader: Downloader;
  readonly spills: SpillDirectory;
  readonly clock: Clock;
  readonly metrics: ArchiveMetrics;
  readonly logger: Logger;
};

export type FetchStepOptions = {
  /** Minimum duration (ms) of the first attempt, even beyond the link's expected end: it may live longer than expected. */
  readonly firstAttemptMs: number;
  /** Minimum time (ms) to ask the object store about a recording that may be lost, for recordings that were read after a downtime. */
  readonly minAskMs: number;
};

const BACKOFF = { initialMs: 500, maxMs: 30_000 };
/**
 * Delay before the second and last attempt after a refusal. Fixed: a refusal is transient only shortly after the recording was
 * announced, and a retry within milliseconds would meet the same state.
 */
const REFUSAL_BACKOFF = { initialMs: 2_000, maxMs: 2_000 };
const WITHOUT_JITTER = 1;
const MAX_REFUSALS = 2;
/** Timeout of the search for an earlier copy. A hanging object store must not use up the link's lifetime. */
const EARLIER_COPY_TIMEOUT_MS = 2_000;

/** One attempt to download a recording to the local disk. */
export class FetchStep {
  constructor(
    private readonly deps: FetchStepDeps,
    private readonly options: FetchStepOptions,
  ) {}

  async run(task: FetchTask, stop: AbortSignal): Promise<Fetched | Settled | Retry | Lost | Dropped> {
    const { clock, downloader, spills, metrics, logger } = this.deps;
    const { sessionId, projectId, deadlines } = task.job;
    const isFirst = task.failures === 0;
    if (isFirst || task.job.mayBeRescued) {
      const earlier = await this.findEarlierCopy(task, stop);
      if (earlier !== undefined) return earlier;
    }
    if (isFirst) {
      metrics.secondsLeftAtStart.observe((deadlines.linkEndsAt - clock.now()) / 1_000);
    }
    const spill = (task.spill ??= spills.create());
    const { giveUpAt } = deadlines;
    const deadlineAt = isFirst ? Math.max(giveUpAt, clock.now() + this.options.firstAttemptMs) : giveUpAt;
    const result = await downloader.attempt(task.link, spill, deadlineAt, stop).catch((error: unknown) => {
      const message = 'download failed with an unexpected error, probably a bug; retrying until the link expires';
      logBug(logger, error, { sessionId, projectId }, message);
      return { kind: 'failed' as const, fault: { reason: 'internal_error' as const } };
    });
    if (result.kind === 'failed') {
      return stop.aborted ? { kind: 'dropped' } : this.afterFault(task, result.fault);
    }
    metrics.secondsLeftAtFinish.observe((deadlines.linkEndsAt - clock.now()) / 1_000);
    const { path, bytes } = spill;
    const spilled = { spill, recording: { path, bytes, sha256: spill.sha256(), audio: result.audio } };
    await this.keep(task.job, spilled);
    return { kind: 'fetched', ...spilled };
  }

  private async findEarlierCopy({ job, isNew }: FetchTask, stop: AbortSignal): Promise<Fetched | Settled | undefined> {
    const { copies, clock } = this.deps;
    const spilled = await copies.onDisk(job);
    if (spilled !== undefined) return { kind: 'fetched', ...spilled };
    // If thousands of recordings each waited for an answer in vain, links would expire.
    if (isNew || clock.now() < copies.objectStorePausedUntil) return undefined;
    const object = await copies.inObjectStore(job, EARLIER_COPY_TIMEOUT_MS, stop);
    return object === 'none' || object === 'unknown' ? undefined : archivedBefore(object);
  }

  private async keep({ fingerprint, sessionId, projectId }: RecordingJob, spilled: SpilledRecording): Promise<void> {
    const { spills, logger } = this.deps;
    await spills.keep(fingerprint, spilled).catch((error: unknown) => {
      logger.warn(
        { sessionId, projectId, path: spilled.recording.path, err: error },
        'could not write the manifest of a downloaded recording: a restart before its upload would lose the file; ' +
          'check space and permissions of ARCHIVE_SPILL_DIR',
      );
    });
  }

  private afterFault(task: FetchTask, fault: SourceFault): Retry | Lost | Dropped {
    const { clock, metrics, logger } = this.deps;
    const { lease, sessionId, projectId, deadlines } = task.job;
    task.failures += 1;
    metrics.noteFailedAttempt(fault.reason);
    const details = { sessionId, projectId, failures: task.failures, ...fault };
    const policy = retryPolicy(fault.reason);
    if (policy === 'once') task.refusals += 1;
    const now = clock.now();
    const delayMs = this.delayMs(task, fault, deadlines.giveUpAt - now);
    if (policy !== 'never' && task.refusals < MAX_REFUSALS && delayMs < deadlines.giveUpAt - now) {
      if (lease.isRevoked) return { kind: 'dropped' };
      logger.debug({ ...details, retryInMs: Math.round(delayMs) }, 'download attempt failed; retrying');
      return { kind: 'retry', notBefore: now + delayMs };
    }
    logger.debug(details, 'download failed for good; checking whether the recording is archived already');
    // A new recording can hardly be archived already: ask only as long as the join waits.
    const askUntil = task.isNew ? deadlines.giveUpAt : Math.max(deadlines.storeGiveUpAt, now + this.options.minAskMs);
    return { kind: 'lost', loss: { reason: fault.reason, askUntil } };
  }

  private delayMs({ failures, refusals }: FetchTask, fault: SourceFault, remainingMs: number): number {
    const { reason, retryAfterMs } = fault;
    return retryPolicy(reason) === 'once'
      ? deadlineBackoffMs(REFUSAL_BACKOFF, refusals, remainingMs, WITHOUT_JITTER, retryAfterMs)
      : deadlineBackoffMs(BACKOFF, failures, remainingMs, undefined, retryAfterMs);
  }
}
