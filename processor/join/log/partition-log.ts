import type { CommitReceipt } from '../../../infra/kafka/transaction/transactional-writer.js';

export type { CommitReceipt } from '../../../infra/kafka/transaction/transactional-writer.js';

/** A record for a topic other than the changelog; it goes to the partition of the same number as the input's. */
export type OutputRecord = {
  readonly topic: string;
  readonly key: string | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string | Buffer>>;
};

/** The newest state of a session; `null` is the tombstone of a forgotten one. */
export type ChangelogRecord = { readonly sessionId: string; readonly state: Buffer | null };

/** What ends a transaction: it becomes visible together with the outputs that were appended since the last one, or not at all. */
export type TaskCommit = {
  readonly changelog: readonly ChangelogRecord[];
  /** The next input offset to read; absent when no input was consumed (timers). */
  readonly nextOffset?: number;
};

/**
 * One input partition's side of Kafka, as a task sees it: exclusive write access, the changelog, the committed offset.
 *
 * Life cycle: `fence`, then `restore`, then `committedOffset`, in this order (an earlier owner's transaction has ended once
 * `fence` resolves, and not before), then any number of `append` and `commit`, then `close`. After an error from `fence` or `commit` only
 * `close`.
 */
export interface PartitionLog {
  /**
   * Takes the partition over: earlier owners can commit nothing from here on.
   * @throws FencedError, TransactionFailedError
   */
  fence(): Promise<CommitReceipt>;

  /**
   * Replays the changelog up to the moment of `fence`: for each session the newest state comes last.
   * @throws what `apply` threw.
   */
  restore(apply: (record: ChangelogRecord) => void): Promise<void>;

  /** The next offset to read, `undefined` when nothing was ever committed. */
  committedOffset(): Promise<number | undefined>;

  /** Puts an output into the next commit. Its bytes are taken at once, nothing of the record is kept. */
  append(output: OutputRecord): void;

  /**
   * @throws FencedError when another owner has fenced this one: drop the task, do not fence again before a new assignment.
   * @throws TransactionFailedError when the outcome is unknown: drop the task and start it anew.
   */
  commit(transaction: TaskCommit): Promise<CommitReceipt>;

  close(): Promise<void>;
}
