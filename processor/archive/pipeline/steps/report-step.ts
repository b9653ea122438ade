import type { Logger } from '../../../../infra/observability/logger.js';
import { deadlineBackoffMs } from '../../../../infra/async/backoff.js';
import type { Clock } from '../../../../infra/async/clock.js';
import type { StepVerdict } from '../deadline-workers.js';
import { outcomeRecord, type Outcome } from '../../recording/outcome.js';
import type { OutcomeSender } from '../outcome-sender.js';
import type { RecordingJob } from '../../recording/recording-job.js';

/** A recording whose outcome is known and not yet in the log. */
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

export type ReportStepOptions = {
  readonly sender: OutcomeSender;
  /** Of the schema of `session.events`. */
  readonly wireHeader: Buffer;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
};

const BACKOFF = { initialMs: 500, maxMs: 15_000 };

/** One try to write an outcome to the log. It never gives up: until it is there, the recording's offset is not released. */
export class ReportStep {
  constructor(private readonly options: ReportStepOptions) {}

  async run(task: ReportTask): Promise<StepVerdict> {
    const { sender, wireHeader, clock, random, logger } = this.options;
    try {
      await sender.send(outcomeRecord(task.job, task.outcome, wireHeader, clock.now()));
      return { kind: 'done' };
    } catch (error) {
      task.failures += 1;
      logger.warn(
        { failures: task.failures, err: error },
        'Kafka has not taken the outcome of a recording, trying again',
      );
      return { kind: 'again', notBefore: clock.now() + deadlineBackoffMs(BACKOFF, task.failures, Infinity, random()) };
    }
  }
}
