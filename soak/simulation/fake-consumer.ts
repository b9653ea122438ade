import type { ConsumerHandlers } from '../../infra/kafka/consume/group-consumer.js';
import type { PartitionFeed } from '../../infra/kafka/consume/partition-feed.js';
import { PartitionFeeds } from '../../infra/kafka/consume/partition-feeds.js';
import type { TaskConsumer } from '../../processor/join/task/stream-member.js';
import type { Random } from '../../lab/random.js';
import type { FakeGroup } from './fake-group.js';
import type { Scheduler } from './scheduler.js';
import type { SimulatedTopic } from './simulated-topic.js';

const MOST_RECORDS = 4;
/** As large a record as the feeds below know. */
const RECORD_BYTES = 1;

export type FakeConsumerDeps = {
  readonly scheduler: Scheduler;
  readonly group: FakeGroup;
  readonly topic: SimulatedTopic;
  readonly random: Random;
};

/**
 * A member of the group on simulated partitions: membership and fetches are simulated, what lies between a fetch and the batch in hand is
 * real. It goes on with what it was assigned until it asks the coordinator: so after a pause, or just late, it works on partitions that
 * belong to another.
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

  /** Takes effect for what is not in hand yet; that is stale. */
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
        group.join(this);
        this.generation = group.generation;
        const partitions = group.assignmentOf(this);
        await scheduler.wait('answer to the join');
        // The joins of others may have come in between: the coordinator does not answer an old generation.
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
      isOver() || (feed.position < topic.visibleEnd(partition) && feed.waitingBytes < MOST_RECORDS);
    while (!isOver()) {
      try {
        await scheduler.wait('fetch', isDue);
        const most = Math.ceil(random() * MOST_RECORDS);
        const end = Math.min(feed.position + most, topic.visibleEnd(partition));
        const records = topic.partition(partition).input.slice(feed.position, end);
        await scheduler.wait('answer to the fetch');
        if (!isOver())
          feed.add(
            { records, nextOffset: end, highWatermark: topic.visibleEnd(partition) },
            records.length * RECORD_BYTES,
          );
      } catch {
        // A fetch that fails is sent again.
      }
    }
  }

  private isOutdated(): boolean {
    const { group } = this.deps;
    return group.generation !== this.generation || !group.has(this);
  }
}
