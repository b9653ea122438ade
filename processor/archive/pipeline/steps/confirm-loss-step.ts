import { backoffMs, deadlineBackoffMs } from '../../../../infra/async/backoff.js';
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
  /** When the object store answered for the first time that it does not have the recording (ms since the epoch). */
  missingSince: number | undefined;
  /** Number of those answers. */
  misses = 0;

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
/** Interval between two questions about a recording that a rescue may still upload. */
const RESCUE_BACKOFF = { initialMs: 1_000, maxMs: 5_000, minMs: 250 };

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
    if (object === 'none') return this.afterMiss(task);
    if (object !== 'unknown') return archivedBefore(object);
    return this.afterSilence(task);
  }

  /**
   * A rescue holds its recordings on disk while the object store is down. So what may have been rescued is lost only when the join has
   * stopped waiting, and the rescue has had time to upload.
   */
  private afterMiss(task: LossTask): Settled | Retry {
    const { clock, logger } = this.deps;
    const { sessionId, projectId, mayBeRescued, rescueUploadMs, deadlines } = task.job;
    const { reason, askUntil } = task.loss;
    const now = clock.now();
    const isFirst = task.missingSince === undefined;
    task.missingSince ??= now;
    const waitUntil = Math.max(deadlines.giveUpAt, task.missingSince + rescueUploadMs);
    if (!mayBeRescued || now >= Math.min(waitUntil, askUntil)) return failed(reason);
    if (isFirst) {
      logger.info(
        { sessionId, projectId, reason, waitUntil: new Date(waitUntil).toISOString() },
        'recording announced during an outage of Kafka is not in the object store yet; waiting for the rescue of its ingress to upload it',
      );
    }
    task.misses += 1;
    return { kind: 'retry', notBefore: Math.min(waitUntil, now + backoffMs(RESCUE_BACKOFF, task.misses)) };
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
