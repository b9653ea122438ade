import { backoffMs } from '../../../../infra/async/backoff.js';
import type { Clock } from '../../../../infra/async/clock.js';
import type { Logger } from '../../../../infra/observability/logger.js';
import { outcomeRecord, type Outcome } from '../../recording/outcome.js';
import type { RecordingJob } from '../../recording/recording-job.js';
import type { Done, Retry } from '../deadline-workers.js';
import type { OutcomeSender } from '../outcome-sender.js';

/** A recording whose outcome is known and not in the log yet. */
export class ReportTask {
  failures = 0;

  constructor(
    readonly job: RecordingJob,
    readonly outcome: Outcome,
  ) {}

  get deadlineAt(): number {
    return this.job.deadlines.giveUpAt;
  }
}

export type ReportStepDeps = {
  readonly sender: OutcomeSender;
  /** Header of the schema of `session.events`. */
  readonly wireHeader: Buffer;
  readonly clock: Clock;
  readonly logger: Logger;
};

const BACKOFF = { initialMs: 500, maxMs: 15_000 };

/** One attempt to publish an outcome. Never gives up: the recording's offset is not released before. */
export class ReportStep {
  constructor(private readonly deps: ReportStepDeps) {}

  async run(task: ReportTask): Promise<Done | Retry> {
    const { sender, wireHeader, clock, logger } = this.deps;
    try {
      await sender.send(outcomeRecord(task.job, task.outcome, wireHeader, clock.now()));
      return { kind: 'done' };
    } catch (error) {
      task.failures += 1;
      const retryInMs = Math.round(backoffMs(BACKOFF, task.failures));
      const { sessionId, projectId } = task.job;
      logger.warn(
        { sessionId, projectId, outcome: task.outcome.kind, failures: task.failures, retryInMs, err: error },
        'could not publish recording outcome to Kafka; retrying until Kafka accepts it',
      );
      return { kind: 'retry', notBefore: clock.now() + retryInMs };
    }
  }
}
