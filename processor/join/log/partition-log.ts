import type { CommitReceipt } from '../../../infra/kafka/transaction/transactional-writer.js';
import type { ChangelogRecord } from '../state/changelog-record.js';

export type { CommitReceipt } from '../../../infra/kafka/transaction/transactional-writer.js';

/** A record for an output topic, not for the changelog. It goes to the partition with the input partition's number. */
export type OutputRecord = {
  readonly topic: string;
  readonly key: string | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string | Buffer>>;
};

/** Ends a transaction. It becomes visible as a whole, with all outputs appended since the last commit, or not at all. */
export type TaskCommit = {
  readonly changelog: readonly ChangelogRecord[];
  /** The next input offset to read; absent when no input was consumed (timers). */
  readonly nextOffset?: number;
};

/**
 * A task's view of Kafka for one input partition: exclusive write access, the changelog, the committed offset.
 *
 * Life cycle: `fence`, `restore` and `committedOffset`, in this order, since only a resolved `fence` guarantees that earlier owners'
 * transactions have ended. Then any number of `append` and `commit`, then `close`. After an error from `fence` or `commit`, only
 * `close` is allowed.
 */
export interface PartitionLog {
  /**
   * Takes over the partition: from here on earlier owners cannot commit anything.
   * @throws FencedError, TransactionFailedError
   */
  fence(): Promise<CommitReceipt>;

  /**
   * Replays the changelog up to the moment of `fence`. For each session the newest state comes last.
   *
   * @param apply is called with each record and its offset in the changelog.
   * @throws whatever `apply` throws.
   */
  restore(apply: (record: ChangelogRecord, offset: number) => void): Promise<void>;

  /** The next offset to read, `undefined` when none was ever committed. */
  committedOffset(): Promise<number | undefined>;

  /** Adds an output to the next commit. Copies its bytes at once and keeps no reference to the record. */
  append(output: OutputRecord): void;

  /**
   * @throws FencedError when another owner has fenced this one: drop the task and do not fence again before a new assignment.
   * @throws TransactionFailedError when the outcome is unknown: drop the task and open a new one.
   */
  commit(transaction: TaskCommit): Promise<CommitReceipt>;

  close(): Promise<void>;
}
