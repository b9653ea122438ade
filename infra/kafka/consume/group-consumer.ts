import type { Kafka } from 'kafkajs';
import { GroupMembership } from './group-membership.js';
import { OffsetReader } from './offset-reader.js';
import { PartitionFetcher } from './partition-fetcher.js';
import type { BatchHandle, InputBatch } from './partition-feed.js';

export type { InputRecord } from '../protocol/records/input-record.js';
export type { BatchHandle, InputBatch } from './partition-feed.js';

export type ConsumerHandlers = {
  /** Called after each rebalance with all partitions that are ours now, before any of their records. */
  readonly onAssigned: (partitions: readonly number[]) => void;
  /**
   * Batches of one partition come one after the other, those of several partitions at the same time. One may still be in hand after its
   * partition has been given to another member. A rejection is a crash.
   */
  readonly onBatch: (batch: InputBatch, handle: BatchHandle) => Promise<void>;
  /** The consumer is of no use any more: stop it and make a new one, or exit. It may be called more than once. */
  readonly onCrash: (error: Error) => void;
};

export type GroupConsumerOptions = ConsumerHandlers & {
  readonly groupId: string;
  readonly topic: string;
  /**
   * Where a partition that has become ours is read from: the group's committed offset, and its first record where there is none; or nowhere,
   * until {@link GroupConsumer.seek} says. What was ours before goes on.
   */
  readonly startAt: 'committed' | 'seek';
  readonly sessionTimeoutMs?: number;
  /** See {@link PartitionFetcher}. */
  readonly maxWaitMs?: number;
};

/**
 * A member of a consumer group on one topic, read committed, with offsets under the caller's control:
 * nothing is committed unless {@link commit} or a transaction does it.
 */
export class GroupConsumer {
  private readonly membership: GroupMembership;
  private readonly fetcher: PartitionFetcher;
  /** The last assignment. */
  private assigned: readonly number[] = [];
  private isStopping = false;

  constructor(
    private readonly kafka: Kafka,
    private readonly options: GroupConsumerOptions,
  ) {
    const { onBatch, onCrash } = options;
    this.fetcher = new PartitionFetcher(kafka, { ...options, onBatch, onFailed: onCrash });
    this.membership = new GroupMembership(kafka, {
      ...options,
      onAssigned: (partitions) => this.assign(partitions),
      onCrash,
    });
  }

  /** Joins the group; resolves when consuming has been set up, maybe before the first assignment. */
  async start(): Promise<void> {
    await this.membership.start();
  }

  /** Leaves the group after the batches in flight are done. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await this.fetcher.stop();
    await this.membership.stop();
  }

  /** Fetches nothing more of partitions of ours; what was fetched already still comes. */
  pause(partitions: readonly number[]): void {
    this.fetcher.pause(partitions);
  }

  resume(partitions: readonly number[]): void {
    this.fetcher.resume(partitions);
  }

  /** Reads a partition of ours on from an offset; the batch in hand is stale. */
  seek(partition: number, offset: number): void {
    if (this.assigned.includes(partition)) this.fetcher.read(partition, offset);
  }

  /** Commits positions (the next offset to read) outside of any transaction. @throws Error when the group has gone on without us. */
  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    await this.membership.commit(positions);
  }

  private assign(partitions: readonly number[]): void {
    if (this.isStopping) return;
    this.assigned = partitions;
    for (const partition of this.fetcher.partitions) {
      if (!partitions.includes(partition)) this.fetcher.drop(partition);
    }
    this.options.onAssigned(partitions);
    if (this.options.startAt === 'committed') {
      this.readCommitted(partitions).catch((error: unknown) => this.options.onCrash(error as Error));
    }
  }

  private async readCommitted(partitions: readonly number[]): Promise<void> {
    const { groupId, topic } = this.options;
    const offsets = new OffsetReader(this.kafka);
    try {
      const [bounds, committed] = await Promise.all([offsets.bounds(topic), offsets.committed(groupId, topic)]);
      if (this.assigned !== partitions) return;
      const reading = this.fetcher.partitions;
      for (const partition of partitions) {
        if (reading.includes(partition)) continue;
        this.fetcher.read(partition, committed.get(partition) ?? bounds.get(partition)?.low ?? 0);
      }
    } finally {
      await offsets.close();
    }
  }
}
