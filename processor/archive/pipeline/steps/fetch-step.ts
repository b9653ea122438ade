import type { Logger } from '../../../../infra/observability/logger.js';
import type { ArchiveMetrics } from '../../archive-metrics.js';
import { deadlineBackoffMs } from '../../../../infra/async/backoff.js';
import type { Clock } from '../../../../infra/async/clock.js';
import { retryPolicy } from '../../recording/failure-reason.js';
import type { Outcome } from '../../recording/outcome.js';
import type { RecordingJob } from '../../recording/recording-job.js';
import type { Downloader } from '../../source/download.js';
import type { SourceFault } from '../../source/source-fault.js';
import type { SpillDirectory, SpilledRecording } from '../../spill/spill-directory.js';
import type { SpillFile } from '../../spill/spill-file.js';
import { logBug } from './bug.js';
import type { Loss } from './confirm-loss-step.js';
import type { EarlierCopies } from './earlier-copies.js';

/** A recording that is still behind its link. The link lives as long as this task, and nowhere else. */
export class FetchTask {
  spill: SpillFile | undefined;
  failures = 0;
  /** Failures that are seldom slips. */
  refusals = 0;
  /** A warning that its deadline is near has been logged. */
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

export type FetchResult =
  | ({ readonly kind: 'fetched' } & SpilledRecording)
  | { readonly kind: 'settled'; readonly outcome: Outcome }
  | { readonly kind: 'again'; readonly notBefore: number }
  /** The link will not give it any more. */
  | { readonly kind: 'lost'; readonly loss: Loss }
  /** Neither here nor there: the role stops, or the recording is another owner's now. */
  | { readonly kind: 'dropped' };

export type FetchStepOptions = {
  readonly copies: EarlierCopies;
  readonly downloader: Downloader;
  readonly spills: SpillDirectory;
  readonly clock: Clock;
  readonly random: () => number;
  /** The first try gets this long (ms) even when the link should be dead by then: it may live longer than we think. */
  readonly firstTryMs: number;
  /** What may have been archived before is asked for at least so long (ms), also when it was taken up late, after a downtime. */
  readonly leastWaitMs: number;
  readonly metrics: ArchiveMetrics;
  readonly logger: Logger;
};

const BACKOFF = { initialMs: 500, maxMs: 30_000 };
/** A refusal is a slip, if at all, of the moment after the recording was announced. */
const REFUSAL_BACKOFF = { initialMs: 2_000, maxMs: 2_000 };
const MAX_REFUSALS = 2;
/** The look for an object that is there already must not cost the link's life when the store hangs. */
const LOOK_MS = 2_000;

/** One try to bring a recording from its link to the disk. */
export class FetchStep {
  constructor(private readonly options: FetchStepOptions) {}

  async run(task: FetchTask, stop: AbortSignal): Promise<FetchResult> {
    const { clock, downloader, spills, firstTryMs, metrics, logger } = this.options;
    const { linkEndsAt, giveUpAt } = task.job.deadlines;
    const isFirst = task.failures === 0;
    if (isFirst) {
      const had = await this.had(task, stop);
      if (had !== undefined) return had;
      metrics.secondsLeftAtStart.observe((linkEndsAt - clock.now()) / 1_000);
    }
    const spill = (task.spill ??= spills.create());
    const deadlineAt = isFirst ? Math.max(giveUpAt, clock.now() + firstTryMs) : giveUpAt;
    const result = await downloader.attempt(task.link, spill, deadlineAt, stop).catch((error: unknown) => {
      logBug(logger, error, 'a download failed in a way that no code expected');
      return { kind: 'failed' as const, fault: { reason: 'internal_error' as const } };
    });
    if (result.kind === 'failed') {
      return stop.aborted ? { kind: 'dropped' } : this.afterFault(task, result.fault);
    }
    metrics.secondsLeftAtFinish.observe((linkEndsAt - clock.now()) / 1_000);
    const { path, bytes } = spill;
    const spilled = { spill, recording: { path, bytes, sha256: spill.sha256(), audio: result.audio } };
    await spills.keep(task.job.fingerprint, spilled).catch((error: unknown) => {
      logger.warn({ sessionId: task.job.sessionId, err: error }, 'a recording on disk would not outlive a restart');
    });
    return { kind: 'fetched', ...spilled };
  }

  private afterFault(task: FetchTask, fault: SourceFault): FetchResult {
    const { clock, random, metrics, logger } = this.options;
    const { job } = task;
    task.failures += 1;
    metrics.noteFailedAttempt(fault.reason);
    logger.debug({ sessionId: job.sessionId, failures: task.failures, ...fault }, 'a try to download failed');
    const policy = retryPolicy(fault.reason);
    if (policy === 'once') task.refusals += 1;
    const now = clock.now();
    const remainingMs = job.deadlines.giveUpAt - now;
    const backoff = policy === 'once' ? REFUSAL_BACKOFF : BACKOFF;
    const failures = policy === 'once' ? task.refusals : task.failures;
    const delayMs = deadlineBackoffMs(backoff, failures, remainingMs, random(), fault.retryAfterMs);
    if (policy !== 'never' && task.refusals < MAX_REFUSALS && delayMs < remainingMs) {
      return job.lease.isRevoked ? { kind: 'dropped' } : { kind: 'again', notBefore: now + delayMs };
    }
    const { giveUpAt, storeGiveUpAt } = job.deadlines;
    // What is new can hardly be there: the store may be asked as long as the join waits anyway.
    const askUntil = task.isNew ? giveUpAt : Math.max(storeGiveUpAt, now + this.options.leastWaitMs);
    return { kind: 'lost', loss: { reason: fault.reason, askUntil } };
  }

  private async had({ job, isNew }: FetchTask, stop: AbortSignal): Promise<FetchResult | undefined> {
    const { copies, clock } = this.options;
    const spilled = await copies.onDisk(job);
    if (spilled !== undefined) return { kind: 'fetched', ...spilled };
    // Thousands that each wait for no answer would let links die.
    if (isNew || clock.now() < copies.storeRestsUntil) return undefined;
    const object = await copies.inStore(job, LOOK_MS, stop);
    if (object === 'none' || object === 'unknown') return undefined;
    return { kind: 'settled', outcome: { kind: 'archived', object, alreadyThere: true } };
  }
}
