import { FencedError, TransactionFailedError } from '../../infra/kafka/errors.js';
import type { InputRecord } from '../../infra/kafka/group-consumer.js';
import type {
  ChangelogRecord,
  CommitReceipt,
  OutputRecord,
  PartitionLog,
  TaskTransaction,
} from '../../processor/task/partition-log.js';

/** How the next commit goes. `lost-answer`: the transaction took place, but its writer is told that it failed. */
export type CommitFate = 'done' | 'failed' | 'lost-answer';

/**
 * One partition in memory, with the broker's clock in the test's hands. The contract suite holds it to the real broker.
 * Any number of owners may be opened on it; only the last one that fenced can write.
 */
export class FakePartition {
  readonly input: InputRecord[] = [];
  readonly outputs: OutputRecord[] = [];
  readonly changelog = new Map<string, Buffer>();
  committed: number | undefined;
  fate: CommitFate = 'done';
  private owner = 0;

  constructor(public brokerNow: number) {}

  append(key: string | null, value: Buffer | null): void {
    const record = {
      offset: this.input.length,
      key: key === null ? null : Buffer.from(key),
      value,
      timestamp: this.brokerNow,
    };
    this.input.push(record);
  }

  log(): PartitionLog {
    let epoch = 0;
    const commit = ({ outputs, changelog, nextOffset }: TaskTransaction): Promise<CommitReceipt> => {
      if (epoch !== this.owner) return Promise.reject(new FencedError('fenced'));
      const fate = this.fate;
      this.fate = 'done';
      if (fate === 'failed') return Promise.reject(new TransactionFailedError('planned'));
      this.outputs.push(...outputs);
      for (const { sessionId, state } of changelog) this.keep({ sessionId, state });
      if (nextOffset !== undefined) this.committed = nextOffset;
      if (fate === 'lost-answer') return Promise.reject(new TransactionFailedError('planned'));
      return Promise.resolve({ appendedAt: this.brokerNow });
    };
    return {
      fence: () => {
        epoch = this.owner += 1;
        return Promise.resolve({ appendedAt: this.brokerNow });
      },
      restore: (apply) => {
        for (const [sessionId, state] of this.changelog) apply({ sessionId, state });
        return Promise.resolve();
      },
      committedOffset: () => Promise.resolve(this.committed),
      commit,
      close: () => Promise.resolve(),
    };
  }

  private keep({ sessionId, state }: ChangelogRecord): void {
    if (state === null) this.changelog.delete(sessionId);
    else this.changelog.set(sessionId, state);
  }
}
