import type { Logger } from '../../../../infra/observability/logger.js';
import { deadlineBackoffMs } from '../../../../infra/async/backoff.js';
import type { Clock } from '../../../../infra/async/clock.js';
import type { FailureReason } from '../../recording/failure-reason.js';
import type { Outcome } from '../../recording/outcome.js';
import type { RecordingJob } from '../../recording/recording-job.js';
import type { SpilledRecording } from '../../spill/spill-directory.js';
import type { EarlierCopies } from './earlier-copies.js';
import { levelOfTry, STORE_BACKOFF } from './store-patience.js';

/** Why a recording seems lost, and how long (ms since the epoch) it is worth waiting for the store to say that it has it. */
export type Loss = { readonly reason: FailureReason; readonly askUntil: number };

/** A recording that this process can bring to the store no more: its link is forgotten. Another may have done it. */
export class LossTask {
  asked = 0;

  /** @param failures tries that failed before. */
  constructor(
    readonly job: RecordingJob,
    readonly loss: Loss,
    readonly failures: number,
  ) {}

  get deadlineAt(): number {
    return this.loss.askUntil;
  }
}

export type ConfirmLossResult =
  | ({ readonly kind: 'fetched' } & SpilledRecording)
  | { readonly kind: 'settled'; readonly outcome: Outcome }
  | { readonly kind: 'again'; readonly notBefore: number }
  /** The role stops, or the recording is another owner's now. */
  | { readonly kind: 'dropped' };

export type ConfirmLossStepOptions = {
  readonly copies: EarlierCopies;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
};

const ANSWER_MS = 10_000;

/**
 * Nothing is called lost before the store has said that it is not there: a process that was killed between its upload and its report, or
 * one that works on under an earlier lease, may have put it there.
 */
export class ConfirmLossStep {
  constructor(private readonly options: ConfirmLossStepOptions) {}

  async run(task: LossTask, stop: AbortSignal): Promise<ConfirmLossResult> {
    const { copies, clock, random, logger } = this.options;
    const { job, loss } = task;
    if (job.lease.isRevoked) return { kind: 'dropped' };
    const spilled = await copies.onDisk(job);
    if (spilled !== undefined) return { kind: 'fetched', ...spilled };
    const { storeRestsUntil } = copies;
    if (clock.now() < storeRestsUntil && storeRestsUntil < loss.askUntil) {
      return { kind: 'again', notBefore: storeRestsUntil };
    }
    const object = await copies.inStore(job, ANSWER_MS, stop);
    if (stop.aborted) return { kind: 'dropped' };
    if (object === 'none') return failed(loss.reason);
    if (object !== 'unknown') return { kind: 'settled', outcome: { kind: 'archived', object, alreadyThere: true } };
    task.asked += 1;
    const remainingMs = loss.askUntil - clock.now();
    const delayMs = deadlineBackoffMs(STORE_BACKOFF, task.asked, remainingMs, random());
    if (delayMs >= remainingMs) return failed(loss.reason);
    logger[levelOfTry(task.asked)](
      { sessionId: job.sessionId, asked: task.asked, reason: loss.reason },
      'a recording may be lost, and the store does not say whether it has it',
    );
    return { kind: 'again', notBefore: clock.now() + delayMs };
  }
}

function failed(reason: FailureReason): ConfirmLossResult {
  return { kind: 'settled', outcome: { kind: 'failed', reason } };
}
