import { deadlineBackoffMs } from '../../../../infra/async/backoff.js';
import type { Clock } from '../../../../infra/async/clock.js';
import type { Logger } from '../../../../infra/observability/logger.js';
import type { RecordingJob } from '../../recording/recording-job.js';
import type { Retry } from '../deadline-workers.js';
import type { EarlierCopies } from './earlier-copies.js';
import { levelOfAttempt, OBJECT_STORE_BACKOFF } from './object-store-retries.js';
import { archivedBefore, failed, type Dropped, type Fetched, type Loss, type Settled } from './step-result.js';

/** A recording that this process can no longer archive, as it has dropped the link. Another process may have archived it. */
export class LossTask {
  /** Questions that the object store has not answered. */
  unanswered = 0;

  /** @param failures of earlier steps. */
  constructor(
    readonly job: RecordingJob,
    readonly loss: Loss,
    readonly failures: number,
  ) {}

  get deadlineAt(): number {
    return this.loss.askUntil;
  }
}

export type ConfirmLossDeps = {
  readonly copies: EarlierCopies;
  readonly clock: Clock;
  readonly logger: Logger;
};

const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Confirms that the object store does not have a recording before it is reported as lost. A process that was killed between upload and
 * report, or one that continues under an earlier lease, may have stored it.
 */
export class ConfirmLossStep {
  constructor(private readonly deps: ConfirmLossDeps) {}

  async run(task: LossTask, stop: AbortSignal): Promise<Fetched | Settled | Retry | Dropped> {
    const { copies, clock } = this.deps;
    const { job, loss } = task;
    if (job.lease.isRevoked) return { kind: 'dropped' };
    const spilled = await copies.onDisk(job);
    if (spilled !== undefined) return { kind: 'fetched', ...spilled };
    const { objectStorePausedUntil } = copies;
    if (clock.now() < objectStorePausedUntil && objectStorePausedUntil < loss.askUntil) {
      return { kind: 'retry', notBefore: objectStorePausedUntil };
    }
    const object = await copies.inObjectStore(job, ANSWER_TIMEOUT_MS, stop);
    if (stop.aborted) return { kind: 'dropped' };
    if (object === 'none') return failed(loss.reason);
    if (object !== 'unknown') return archivedBefore(object);
    return this.afterSilence(task);
  }

  private afterSilence(task: LossTask): Settled | Retry {
    const { clock, logger } = this.deps;
    const { sessionId, projectId } = task.job;
    const { reason, askUntil } = task.loss;
    task.unanswered += 1;
    const now = clock.now();
    const delayMs = deadlineBackoffMs(OBJECT_STORE_BACKOFF, task.unanswered, askUntil - now);
    if (delayMs >= askUntil - now) return failed(reason);
    logger[levelOfAttempt(task.unanswered)](
      { sessionId, projectId, reason, unanswered: task.unanswered, askUntil: new Date(askUntil).toISOString() },
      'recording may be lost, and the object store does not answer whether it has it; asking again, bring the object store back',
    );
    return { kind: 'retry', notBefore: now + delayMs };
  }
}
