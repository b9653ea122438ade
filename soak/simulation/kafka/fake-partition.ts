import { FencedError, TransactionFailedError } from '../../../infra/kafka/transaction/errors.js';
import type { InputRecord } from '../../../infra/kafka/consume/group-consumer.js';
import type {
  CommitReceipt,
  OutputRecord,
  PartitionLog,
  TaskCommit,
} from '../../../processor/join/log/partition-log.js';
import type { ChangelogRecord } from '../../../processor/join/state/changelog-record.js';
import { inputRecord } from './input-record.js';

/**
 * Called at each point where a call to the broker waits. Before the effect the request can be lost, after it the answer, and other
 * owners can act in between. The test decides when the call continues, or rejects with the error that the caller gets.
 */
export type BrokerPoint = (point: string) => Promise<void>;

/** Outcome of the next commit. `lost-answer`: the transaction is committed, but its writer gets an error. */
export type CommitFate = 'done' | 'failed' | 'lost-answer';

/** A transaction with its outputs. */
export type TaskTransaction = TaskCommit & { readonly outputs: readonly OutputRecord[] };

/** A transaction as it became visible. */
export type Committed = TaskTransaction & { readonly epoch: number; readonly at: number };

type ChangelogEntry = ChangelogRecord & { readonly offset: number };

const atOnce: BrokerPoint = () => Promise.resolve();

/**
 * One partition in memory, whose broker clock the test sets. The contract suite checks it against the real broker.
 * It accepts any number of owners; only the last one that fenced can write.
 */
export class FakePartition {
  readonly input: InputRecord[] = [];
  readonly outputs: OutputRecord[] = [];
  committed: number | undefined;
  fate: CommitFate = 'done';
  /** Called with each transaction when it becomes visible. */
  onCommitted: (transaction: Committed) => void = () => undefined;
  private entries: ChangelogEntry[] = [];
  private changelogEnd = 0;
  private restoring = 0;
  private epoch = 0;

  constructor(public brokerNow: number) {}

  append(key: string | null, value: Buffer | null, timestamp = this.brokerNow): void {
    this.input.push(inputRecord(this.input.length, timestamp, key, value));
  }

  /** The newest state of each session, without forgotten ones. */
  get changelog(): ReadonlyMap<string, Buffer> {
    const states = new Map<string, Buffer>();
    for (const { sessionId, state } of this.entries) {
      if (state === null) states.delete(sessionId);
      else states.set(sessionId, state);
    }
    return states;
  }

  /** Drops outdated records, and tombstones when no restore is running, since `delete.retention.ms` outlasts any restore. */
  compact(): void {
    const newest = new Map(this.entries.map((entry) => [entry.sessionId, entry]));
    this.entries = this.entries.filter(
      (entry) => newest.get(entry.sessionId) === entry && (entry.state !== null || this.restoring > 0),
    );
  }

  log(at: BrokerPoint = atOnce): PartitionLog {
    let epoch = 0;
    let changelogEnd = 0;
    /** Without a fence, a restore ends at the current end. */
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
            if (entry !== undefined) apply({ sessionId: entry.sessionId, state: entry.state }, entry.offset);
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

  /** The broker accepts requests of the newest owner only. */
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

/** Only changelog records show the broker's clock. A transaction without records writes the owner's record to the changelog. */
function stampOf({ outputs, changelog }: TaskTransaction, now: number): number | undefined {
  return changelog.length > 0 || outputs.length === 0 ? now : undefined;
}
