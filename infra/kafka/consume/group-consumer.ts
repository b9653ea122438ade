import type { Kafka } from 'kafkajs';
import { systemClock, type Clock } from '../../async/clock.js';
import type { Logger } from '../../observability/logger.js';
import { GroupMembership } from './group-membership.js';
import { OffsetReader } from './offset-reader.js';
import type { BatchHandle, InputBatch } from './partition-feed.js';
import { PartitionFetcher } from './partition-fetcher.js';

export type { InputRecord } from '../protocol/records/input-record.js';
export type { BatchHandle, InputBatch } from './partition-feed.js';

export type ConsumerHandlers = {
  /** Called after each rebalance with all assigned partitions, before any of their records. */
  readonly onAssigned: (partitions: readonly number[]) => void;
  /**
   * Processes a batch. Batches of one partition come one after another, those of different partitions concurrently. A batch may still be in
   * progress when its partition already belongs to another member. A rejection crashes the consumer.
   */
  readonly onBatch: (batch: InputBatch, handle: BatchHandle) => Promise<void>;
  /** The consumer has failed for good: stop it and create a new one, or exit. May be called more than once. */
  readonly onCrash: (error: Error) => void;
};

export type GroupConsumerOptions = ConsumerHandlers & {
  readonly groupId: string;
  readonly topic: string;
  /** See {@link GroupMembership}. */
  readonly onOthers?: (topics: readonly string[]) => void;
  /**
   * Where to start reading a newly assigned partition. `committed`: at the group's committed offset, or at the first record where there is
   * none. `seek`: nowhere, until {@link GroupConsumer.seek} is called. Partitions that stay assigned continue.
   */
  readonly startAt: 'committed' | 'seek';
  /** See {@link PartitionFetcher}. */
  readonly maxWaitMs?: number;
  readonly logger?: Logger | undefined;
  readonly clock?: Clock;
};

/**
 * A member of a consumer group on one topic, read committed. The caller controls the offsets: only {@link commit} or a transaction commits
 * them.
 */
export class GroupConsumer {
  private readonly membership: GroupMembership;
  private readonly fetcher: PartitionFetcher;
  /** The latest assignment. */
  private assigned: readonly number[] = [];
  private isStopping = false;

  constructor(
    private readonly kafka: Kafka,
    private readonly options: GroupConsumerOptions,
  ) {
    const { groupId, topic, onOthers, onCrash } = options;
    this.fetcher = new PartitionFetcher(kafka, { ...options, onFailed: onCrash });
    const onAssigned = (partitions: readonly number[]): void => this.assign(partitions);
    this.membership = new GroupMembership(kafka, { groupId, topic, onAssigned, onOthers, onCrash });
  }

  /** Number of partitions of the topic that cannot be read while others can. */
  get unavailable(): number {
    return this.fetcher.unavailable;
  }

  /** Joins the group; may resolve before the first assignment. */
  async start(): Promise<void> {
    await this.membership.start();
  }

  /** Leaves the group once the batches in progress are done. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await this.fetcher.stop();
    await this.membership.stop();
  }

  /** Stops fetching assigned partitions; batches that are fetched already still come. */
  pause(partitions: readonly number[]): void {
    this.fetcher.pause(partitions);
  }

  resume(partitions: readonly number[]): void {
    this.fetcher.resume(partitions);
  }

  /** Continues an assigned partition at another offset; its batch in progress becomes stale. */
  seek(partition: number, offset: number): void {
    if (this.assigned.includes(partition)) this.fetcher.read(partition, offset);
  }

  /** Commits positions (the next offset to read) outside of any transaction. @throws Error when the membership is out of date. */
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
    const { groupId, topic, clock = systemClock } = this.options;
    const offsets = new OffsetReader(this.kafka, clock);
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
