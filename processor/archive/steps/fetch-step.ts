import type { Logger } from '../../../infra/observability/logger.js';
import type { ArchiveMetrics } from '../archive-metrics.js';
import { nextDelayMs } from '../backoff.js';
import { bounded } from '../bounded.js';
import type { Clock } from '../clock.js';
import { retryPolicy } from '../failure-reason.js';
import type { ArchivedObject, Outcome } from '../outcome.js';
import type { RecordingJob } from '../recording-job.js';
import type { RecordingStore } from '../recording-store.js';
import type { Downloader } from '../source/download.js';
import type { SourceFault, SourceReason } from '../source/source-fault.js';
import type { SpillDirectory, SpilledRecording } from '../spill/spill-directory.js';
import type { SpillFile } from '../spill/spill-file.js';
import { logBug } from './bug.js';

/** A recording that is still behind its link. The link lives as long as this task, and nowhere else. */
export class FetchTask {
  spill: SpillFile | undefined;
  failures = 0;
  /** Failures that are seldom slips. */
  refusals = 0;
  /** The store has said whether the object is there. */
  looked = false;
  /** Why the link will not give it any more; what remains is to ask the store. */
  lost: SourceReason | undefined;
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
  /** Neither here nor there: the role stops, or the recording is another owner's now. */
  | { readonly kind: 'dropped' };

export type FetchStepOptions = {
  readonly recordings: RecordingStore;
  readonly downloader: Downloader;
  readonly spills: SpillDirectory;
  readonly clock: Clock;
  readonly random: () => number;
  /** The first try gets this long (ms) even when the link should be dead by then: it may live longer than we think. */
  readonly firstTryMs: number;
  readonly metrics: ArchiveMetrics;
  readonly logger: Logger;
};

const BACKOFF = { firstMs: 500, mostMs: 30_000 };
/** A refusal is a slip, if at all, of the moment after the recording was announced. */
const REFUSAL_BACKOFF = { firstMs: 2_000, mostMs: 2_000 };
const MAX_REFUSALS = 2;
/** Between questions to a store that is away. */
const ASK_BACKOFF = { firstMs: 5_000, mostMs: 5_000 };
/** The look for an object that is there already must not cost the link's life when the store hangs. */
const LOOK_MS = 2_000;

/** One try to bring a recording from its link to the disk. */
export class FetchStep {
  /** Until then nobody asks it: thousands that each wait for no answer would let links die. */
  private storeHangsUntil = 0;

  constructor(private readonly options: FetchStepOptions) {}

  async run(task: FetchTask, stop: AbortSignal): Promise<FetchResult> {
    const { clock, downloader, spills, firstTryMs, metrics, logger } = this.options;
    const { linkEndsAt, giveUpAt } = task.job.deadlines;
    if (task.lost !== undefined) return this.settleLost(task, task.lost, stop);
    const isFirst = task.failures === 0;
    if (isFirst) {
      const had = await this.had(task, stop, task.isNew || clock.now() < this.storeHangsUntil);
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
      return stop.aborted ? { kind: 'dropped' } : this.afterFault(task, result.fault, stop);
    }
    metrics.secondsLeftAtFinish.observe((linkEndsAt - clock.now()) / 1_000);
    const { path, bytes } = spill;
    const spilled = { spill, recording: { path, bytes, sha256: spill.sha256(), audio: result.audio } };
    await spills.keep(task.job.fingerprint, spilled).catch((error: unknown) => {
      logger.warn({ sessionId: task.job.sessionId, err: error }, 'a recording on disk would not outlive a restart');
    });
    return { kind: 'fetched', ...spilled };
  }

  private async afterFault(task: FetchTask, fault: SourceFault, stop: AbortSignal): Promise<FetchResult> {
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
    const delayMs = nextDelayMs(backoff, failures, remainingMs, random(), fault.retryAfterMs);
    if (policy !== 'never' && task.refusals < MAX_REFUSALS && delayMs < remainingMs) {
      return job.lease.isRevoked ? { kind: 'dropped' } : { kind: 'again', notBefore: now + delayMs };
    }
    return this.settleLost(task, fault.reason, stop);
  }

  /** Nothing is called lost that an earlier owner may have archived, before the store has said that it is not there. */
  private async settleLost(task: FetchTask, reason: SourceReason, stop: AbortSignal): Promise<FetchResult> {
    const { clock, random } = this.options;
    const had = await this.had(task, stop, !task.isNew && clock.now() < this.storeHangsUntil);
    if (had !== undefined) return had;
    if (stop.aborted) return { kind: 'dropped' };
    const remainingMs = task.job.deadlines.storeGiveUpAt - clock.now();
    const delayMs = nextDelayMs(ASK_BACKOFF, 1, remainingMs, random());
    if (task.looked || task.isNew || delayMs >= remainingMs) {
      return { kind: 'settled', outcome: { kind: 'failed', reason } };
    }
    task.lost = reason;
    return { kind: 'again', notBefore: clock.now() + delayMs };
  }

  /** What makes a download needless: another process has got it to the disk, or to the store. */
  private async had(task: FetchTask, stop: AbortSignal, diskOnly: boolean): Promise<FetchResult | undefined> {
    const spilled = await this.options.spills.adopt(task.job.fingerprint);
    if (spilled !== undefined) {
      await task.spill?.remove();
      this.options.logger.info({ sessionId: task.job.sessionId }, 'a recording was on disk already');
      return { kind: 'fetched', ...spilled };
    }
    const object = diskOnly ? undefined : await this.look(task, stop);
    return object && { kind: 'settled', outcome: { kind: 'archived', object, alreadyThere: true } };
  }

  /** Until the store has answered once. While it is away the download goes on without. */
  private async look(task: FetchTask, stop: AbortSignal): Promise<ArchivedObject | undefined> {
    if (task.looked) return undefined;
    try {
      const found = await bounded(LOOK_MS, stop, (signal) => this.options.recordings.find(task.job, signal));
      task.looked = true;
      this.storeHangsUntil = 0;
      return found;
    } catch {
      const { clock } = this.options;
      this.storeHangsUntil = clock.now() + LOOK_MS;
      return undefined;
    }
  }
}
