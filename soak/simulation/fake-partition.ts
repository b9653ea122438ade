import { FencedError, TransactionFailedError } from '../../infra/kafka/transaction/errors.js';
import type { InputRecord } from '../../infra/kafka/consume/group-consumer.js';
import type {
  ChangelogRecord,
  CommitReceipt,
  OutputRecord,
  PartitionLog,
  TaskCommit,
} from '../../processor/join/log/partition-log.js';
import { inputRecord } from './input-record.js';

/**
 * Where a call to the broker waits. Before the effect the request may be lost, after it the answer; in between, others may act.
 * Whoever holds the clock of a test decides when it goes on, or throws the error that the caller gets.
 */
export type BrokerPoint = (point: string) => Promise<void>;

/** How the next commit goes. `lost-answer`: the transaction took place, but its writer is told that it failed. */
export type CommitFate = 'done' | 'failed' | 'lost-answer';

/** All of a transaction. */
export type TaskTransaction = TaskCommit & { readonly outputs: readonly OutputRecord[] };

/** A transaction as it became visible. */
export type Committed = TaskTransaction & { readonly epoch: number; readonly at: number };

type ChangelogEntry = ChangelogRecord & { readonly offset: number };

const atOnce: BrokerPoint = () => Promise.resolve();

/**
 * One partition in memory, with the broker's clock in the test's hands. The contract suite holds it to the real broker.
 * Any number of owners may be opened on it; only the last one that fenced can write.
 */
export class FakePartition {
  readonly input: InputRecord[] = [];
  readonly outputs: OutputRecord[] = [];
  committed: number | undefined;
  fate: CommitFate = 'done';
  /** Told of each transaction at the moment that it becomes visible. */
  onCommitted: (transaction: Committed) => void = () => undefined;
  private entries: ChangelogEntry[] = [];
  private changelogEnd = 0;
  private restoring = 0;
  private epoch = 0;

  constructor(public brokerNow: number) {}

  append(key: string | null, value: Buffer | null, timestamp = this.brokerNow): void {
    this.input.push(inputRecord(this.input.length, timestamp, key, value));
  }

  /** The newest state of each session that is not forgotten. */
  get changelog(): ReadonlyMap<string, Buffer> {
    const states = new Map<string, Buffer>();
    for (const { sessionId, state } of this.entries) {
      if (state === null) states.delete(sessionId);
      else states.set(sessionId, state);
    }
    return states;
  }

  /** Drops records that newer ones replace; tombstones too, as `delete.retention.ms` outlasts any restore. */
  compact(): void {
    const newest = new Map(this.entries.map((entry) => [entry.sessionId, entry]));
    this.entries = this.entries.filter(
      (entry) => newest.get(entry.sessionId) === entry && (entry.state !== null || this.restoring > 0),
    );
  }

  log(at: BrokerPoint = atOnce): PartitionLog {
    let epoch = 0;
    let changelogEnd = 0;
    /** Without a fence nothing says where to stop but the end as it is now. */
    let restoreTo: number | undefined;
    let outputs: OutputRecord[] = [];
    const write = async (commit: TaskCommit): Promise<CommitReceipt> => {
      const fate = this.fate;
      this.fate = 'done';
      if (epoch === 0) throw new Error('commit before fence');
      const transaction = { ...commit, outputs };
      outputs = [];
      await at('produce');
      this.verify(epoch);
      const appendedAt = stampOf(transaction, this.brokerNow);
      await at('offsets');
      this.verify(epoch);
      await at('end of transaction');
      this.verify(epoch);
      if (fate === 'failed') throw new TransactionFailedError('planned');
      this.apply(transaction, epoch);
      changelogEnd = this.changelogEnd;
      if (fate === 'lost-answer') throw new TransactionFailedError('planned');
      await at('answer to the commit');
      return { appendedAt };
    };
    return {
      fence: async () => {
        await at('fence');
        epoch = this.epoch += 1;
        await at('answer to the fence');
        const receipt = await write({ changelog: [] });
        restoreTo = changelogEnd;
        return receipt;
      },
      restore: async (apply) => {
        this.restoring += 1;
        try {
          const end = restoreTo ?? this.changelogEnd;
          for (let offset = 0; offset < end;) {
            await at('restore');
            const entry = this.entries.find((one) => one.offset >= offset && one.offset < end);
            if (entry !== undefined) apply({ sessionId: entry.sessionId, state: entry.state });
            offset = entry === undefined ? end : entry.offset + 1;
          }
        } finally {
          this.restoring -= 1;
        }
      },
      committedOffset: async () => {
        await at('committed offset');
        const { committed } = this;
        await at('answer to the committed offset');
        return committed;
      },
      append: (output) => void outputs.push({ ...output, value: Buffer.from(output.value) }),
      commit: write,
      close: () => Promise.resolve(),
    };
  }

  /** The broker takes requests of the newest owner only. */
  private verify(epoch: number): void {
    if (epoch !== this.epoch) throw new FencedError('fenced');
  }

  private apply(transaction: TaskTransaction, epoch: number): void {
    this.outputs.push(...transaction.outputs);
    for (const record of transaction.changelog) this.entries.push({ ...record, offset: this.changelogEnd++ });
    if (transaction.nextOffset !== undefined) this.committed = transaction.nextOffset;
    this.onCommitted({ ...transaction, epoch, at: this.brokerNow });
  }
}

/** Only the changelog shows the broker's clock; a transaction without any record writes the owner's there. */
function stampOf({ outputs, changelog }: TaskTransaction, now: number): number | undefined {
  return changelog.length > 0 || outputs.length === 0 ? now : undefined;
}
