import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { withHeartbeats } from './heartbeats.js';

export type InputRecord = {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** LogAppendTime of the partition's leader, ms since the epoch. */
  readonly timestamp: number;
};

export type InputBatch = {
  readonly partition: number;
  /** In offset order; never empty. */
  readonly records: readonly InputRecord[];
  /** Where reading goes on after this batch; past control records and compaction gaps too. */
  readonly nextOffset: number;
  /** The end of the partition when the batch was fetched: behind the last record that all in-sync replicas had. */
  readonly highWatermark: number;
};

export type BatchHandle = {
  /** True once the consumer is stopping or the position was moved: leave the rest of the batch. */
  readonly isStale: () => boolean;
};

export type GroupConsumerOptions = {
  readonly groupId: string;
  readonly topic: string;
  /** How long the group waits for a silent member before it hands its partitions on. */
  readonly sessionTimeoutMs?: number;
  /** Longest wait of a fetch for new records: the reaction time to `resume` and `seek`, never a delay of records. */
  readonly maxWaitMs?: number;
  readonly maxBytesPerPartition?: number;
  /** Called after each rebalance with all partitions that are ours now, before any of their records. */
  readonly onAssigned: (partitions: readonly number[]) => void;
  /**
   * Batches of one partition come one after the other, those of several partitions at the same time. The membership is kept alive
   * meanwhile. A rejection makes kafkajs give the batch again.
   */
  readonly onBatch: (batch: InputBatch, handle: BatchHandle) => Promise<void>;
  /**
   * Fetch the next batch of a partition while one is in hand: kafkajs by itself fetches nothing while any partition's batch is. `onBatch`
   * must not reject then, and may still be at work after the partition has been given to another member.
   */
  readonly isPrefetching?: boolean;
  /**
   * A stretch of the partition, from `firstOffset` on, held no record for a reader of committed ones: aborted transactions, control
   * records. Reading goes on at `nextOffset`, and no batch will say so.
   */
  readonly onNothing?: (partition: number, firstOffset: number, nextOffset: number) => void;
  /** The consumer is dead and will not come back by itself: stop it and make a new one, or exit. */
  readonly onCrash: (error: Error) => void;
};

/** Upper bound of the partitions of one topic that are handled at the same time. */
const CONCURRENT_PARTITIONS = 64;

/**
 * A member of a consumer group on one topic, read committed, with offsets under the caller's control:
 * nothing is committed unless {@link commit} or a transaction does it.
 */
export class GroupConsumer {
  private readonly consumer: Consumer;
  private wasAssigned = false;
  /** By partition: the batch in hand. */
  private readonly inHand = new Map<number, Promise<void>>();

  constructor(
    kafka: Kafka,
    private readonly options: GroupConsumerOptions,
  ) {
    this.consumer = kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: options.sessionTimeoutMs ?? 10_000,
      rebalanceTimeout: 30_000,
      heartbeatInterval: 2_000,
      maxWaitTimeInMs: options.maxWaitMs ?? 250,
      maxBytesPerPartition: options.maxBytesPerPartition ?? 524_288,
      readUncommitted: false,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 2_000,
        retries: 8,
        // Until the first assignment kafkajs may try again: a broker that has just started is still loading its groups. Later a
        // crash is reported, not repaired behind the caller's back: what the caller built on the membership must go first.
        restartOnFailure: () => Promise.resolve(!this.wasAssigned),
      },
    });
  }

  /** Joins the group; resolves when consuming has been set up, before the first assignment. */
  async start(): Promise<void> {
    const { topic, onAssigned, onNothing, onCrash } = this.options;
    this.consumer.on('consumer.group_join', ({ payload }) => {
      this.wasAssigned = true;
      onAssigned(payload.memberAssignment[topic] ?? []);
    });
    this.consumer.on('consumer.end_batch_process', ({ payload }) => {
      const { batchSize, partition, firstOffset, lastOffset } = payload;
      if (batchSize === 0) onNothing?.(partition, Number(firstOffset), Number(lastOffset) + 1);
    });
    this.consumer.on('consumer.crash', ({ payload }) => {
      if (!payload.restart) onCrash(payload.error);
    });
    await this.consumer.connect();
    await this.consumer.subscribe({ topic, fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
      eachBatch: (payload) => this.handle(payload),
    });
  }

  /** Leaves the group after the batches in flight are done. */
  async stop(): Promise<void> {
    await this.consumer.disconnect();
    await Promise.all(this.inHand.values());
  }

  pause(partitions?: readonly number[]): void {
    this.consumer.pause([{ topic: this.options.topic, ...(partitions && { partitions: [...partitions] }) }]);
  }

  resume(partitions: readonly number[]): void {
    this.consumer.resume([{ topic: this.options.topic, partitions: [...partitions] }]);
  }

  seek(partition: number, offset: number): void {
    this.consumer.seek({ topic: this.options.topic, partition, offset: String(offset) });
  }

  /** Commits positions (the next offset to read) outside of any transaction. */
  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    const { topic } = this.options;
    await this.consumer.commitOffsets(
      [...positions].map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
    );
  }

  private async handle(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const isStale = (): boolean => !payload.isRunning() || payload.isStale();
    const nextOffset = Number(batch.lastOffset()) + 1;
    const highWatermark = Number(batch.highWatermark);
    const records = batch.messages.map(({ offset, key, value, timestamp }) => ({
      offset: Number(offset),
      key,
      value,
      timestamp: Number(timestamp),
    }));
    const work = (): Promise<void> =>
      this.options.onBatch({ partition: batch.partition, records, nextOffset, highWatermark }, { isStale });
    if (this.options.isPrefetching === true) {
      await withHeartbeats(() => payload.heartbeat(), this.inHand.get(batch.partition) ?? Promise.resolve());
      if (isStale()) return;
      this.inHand.set(batch.partition, work());
    } else {
      await withHeartbeats(() => payload.heartbeat(), work());
      if (isStale()) return;
    }
    payload.resolveOffset(batch.lastOffset());
  }
}
