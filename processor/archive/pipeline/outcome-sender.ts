import type { OutcomeRecord } from '../recording/outcome-record.js';

/** Publishes outcomes: `EventProducer` of infra/kafka in the program, a list in tests. */
export type OutcomeSender = {
  /**
   * Resolves when all in-sync replicas have the record.
   * @throws Error otherwise. The record may be in the log or not: send it again.
   */
  send(record: OutcomeRecord): Promise<void>;
};
