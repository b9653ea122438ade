import type { ConsumerHandlers } from '../../../infra/kafka/consume/group-consumer.js';
import type { PartitionFeed } from '../../../infra/kafka/consume/partition-feed.js';
import { PartitionFeeds } from '../../../infra/kafka/consume/partition-feeds.js';
import type { TaskConsumer } from '../../../processor/join/task/stream-member.js';
import type { Random } from '../../../lab/random.js';
import type { FakeGroup } from './fake-group.js';
import type { Scheduler } from '../scheduler.js';
import type { SimulatedTopic } from './simulated-topic.js';

/** Largest number of records in one fetch. */
const MAX_RECORDS = 4;
/** Size of every record, as the feeds count it. */
const RECORD_BYTES = 1;

export type FakeConsumerDeps = {
  readonly scheduler: Scheduler;
  readonly group: FakeGroup<FakeConsumer>;
  readonly topic: SimulatedTopic;
  readonly random: Random;
};

/**
 * A member of the group on simulated partitions. Membership and fetches are simulated; the feeds between a fetch and a batch are real.
 * It keeps its assignment until it asks the coordinator, so after a pause it may work on partitions that another member owns.
 */
export class FakeConsumer implements TaskConsumer {
  private readonly feeds: PartitionFeeds;
  private assigned: readonly number[] = [];
  private membership: Promise<void> = Promise.resolve();
  private isStopping = false;
  private generation = -1;

  constructor(
    private readonly deps: FakeConsumerDeps,
    private readonly handlers: ConsumerHandlers,
  ) {
    this.feeds = new PartitionFeeds({
      nextTurn: () => deps.scheduler.wait('turn'),
      onBatch: handlers.onBatch,
      onRejected: (error) => handlers.onCrash(error as Error),
      onRoom: () => undefined,
    });
  }

  async start(): Promise<void> {
    await this.deps.scheduler.wait('connect');
    this.membership = this.keepMembership();
  }

  /** Applies to the next batch; the current batch becomes stale. */
  seek(partition: number, offset: number): void {
    if (this.isStopping || !this.assigned.includes(partition)) return;
    void this.fetch(this.feeds.read(partition, offset));
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.feeds.end();
    await this.membership;
    this.deps.group.remove(this);
  }

  private async keepMembership(): Promise<void> {
    const { scheduler, group } = this.deps;
    try {
      while (!this.isStopping) {
        await scheduler.wait('join the group');
        group.add(this);
        this.generation = group.generation;
        const partitions = group.assignmentOf(this);
        await scheduler.wait('answer to the join');
        // Other members may have joined meanwhile: the coordinator does not answer an old generation.
        if (this.isOutdated()) continue;
        this.assign(partitions);
        await scheduler.wait('heartbeat', () => this.isOutdated() || this.isStopping);
      }
    } catch (error) {
      this.handlers.onCrash(error as Error);
    }
  }

  private assign(partitions: readonly number[]): void {
    if (this.isStopping) return;
    this.assigned = partitions;
    for (const partition of this.feeds.partitions) if (!partitions.includes(partition)) this.feeds.drop(partition);
    this.handlers.onAssigned(partitions);
  }

  private async fetch(feed: PartitionFeed): Promise<void> {
    const { scheduler, topic, random } = this.deps;
    const { partition } = feed;
    const isOver = (): boolean => !this.feeds.has(feed);
    const isDue = (): boolean =>
      isOver() || (feed.position < topic.visibleEnd(partition) && feed.waitingBytes < MAX_RECORDS);
    while (!isOver()) {
      try {
        await scheduler.wait('fetch', isDue);
        const count = Math.ceil(random() * MAX_RECORDS);
        const end = Math.min(feed.position + count, topic.visibleEnd(partition));
        const records = topic.partition(partition).input.slice(feed.position, end);
        await scheduler.wait('answer to the fetch');
        if (isOver()) return;
        const bytes = records.length * RECORD_BYTES;
        feed.add({ records, nextOffset: end, bytes, highWatermark: topic.visibleEnd(partition) });
      } catch {
        // The loop repeats a failed fetch.
      }
    }
  }

  private isOutdated(): boolean {
    const { group } = this.deps;
    return group.generation !== this.generation || !group.has(this);
  }
}
