import { NO_LEADER } from '../../../../infra/kafka/connection/leaderless-partitions.js';
import type {
  OpenProduceSession,
  PartitionedRecord,
  PartitionFailure,
  ProduceSession,
} from '../../../../infra/kafka/produce/produce-session.js';
import type { BatchRecord } from '../../../../infra/kafka/protocol/records/record-batch.js';
import { withTimeout } from '../../../../infra/async/timeout.js';

/** One batch as the broker receives it. The test answers it. */
export type Produced = {
  /** Which session sent it, counted from 1. */
  readonly session: number;
  readonly leader: number;
  readonly values: readonly string[];
  readonly acknowledge: () => void;
  /** @param partitions default: all of the batch. */
  readonly fail: (error: Error, partitions?: readonly number[]) => void;
};

/** Sessions of an event producer with a broker that the test controls. */
export class ScriptedSessions {
  opened = 0;
  closed = 0;
  /** The leader of each partition. */
  leaders: readonly number[] = [1];
  /** Partitions that a new session cannot write to. */
  leaderless: ReadonlySet<number> = new Set();
  /** By default everything goes to partition 0. */
  partitionOf: (key: string | null) => number = () => 0;
  /** Errors of the next attempts to open a session, one each. */
  readonly openFailures: Error[] = [];
  private readonly produced: Produced[] = [];
  private readonly waiting: ((produced: Produced) => void)[] = [];

  readonly open: OpenProduceSession = () => {
    const failure = this.openFailures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    return Promise.resolve(new ScriptedSession(++this.opened, this));
  };

  /** The next batch, once it has arrived. */
  next(): Promise<Produced> {
    const produced = this.produced.shift();
    if (produced !== undefined) return Promise.resolve(produced);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Batches that have arrived and were not returned by {@link next} yet. */
  get unread(): number {
    return this.produced.length;
  }

  /** @internal */
  receive(session: number, leader: number, records: readonly PartitionedRecord[]): Promise<ReadonlyMap<number, Error>> {
    return new Promise((resolve) => {
      const values = records.map(({ value }) => String(value));
      const produced: Produced = {
        session,
        leader,
        values,
        acknowledge: () => resolve(new Map()),
        fail: (error, partitions = records.map(({ partition }) => partition)) =>
          resolve(new Map(partitions.map((partition) => [partition, error]))),
      };
      const waiter = this.waiting.shift();
      if (waiter === undefined) this.produced.push(produced);
      else waiter(produced);
    });
  }
}

class ScriptedSession implements ProduceSession {
  readonly failed = new Map<number, PartitionFailure>();

  constructor(
    private readonly number: number,
    private readonly all: ScriptedSessions,
  ) {
    for (const partition of all.leaderless) this.fail(partition, new Error('the partition has no leader'));
  }

  get partitions(): number {
    return this.all.leaders.length;
  }

  partitionFor({ key }: BatchRecord): number {
    return this.all.partitionOf(key);
  }

  leaderOf(partition: number): number {
    return this.all.leaderless.has(partition) ? NO_LEADER : (this.all.leaders[partition] ?? NO_LEADER);
  }

  async sendTo(leader: number, records: readonly PartitionedRecord[], timeoutMs: number) {
    try {
      const receiving = this.all.receive(this.number, leader, records);
      const failed = await withTimeout(receiving, timeoutMs, 'waiting for the test');
      for (const [partition, error] of failed) this.fail(partition, error);
      return failed;
    } catch (error) {
      this.all.leaders.forEach((led, partition) => led === leader && this.fail(partition, error as Error));
      return new Map(records.map(({ partition }) => [partition, error as Error]));
    }
  }

  send(): Promise<void> {
    throw new Error('not used by the producer');
  }

  close(): void {
    this.all.closed += 1;
  }

  private fail(partition: number, cause: Error): void {
    this.failed.set(partition, { leader: this.leaderOf(partition), cause });
  }
}
