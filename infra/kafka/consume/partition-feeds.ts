import { PartitionFeed, type PartitionFeedOptions } from './partition-feed.js';

/** The partitions that are being read, each by one {@link PartitionFeed} at a time. */
export class PartitionFeeds {
  private readonly feeds = new Map<number, PartitionFeed>();
  private readonly ending = new Set<PartitionFeed>();

  constructor(private readonly options: PartitionFeedOptions) {}

  get partitions(): readonly number[] {
    return [...this.feeds.keys()];
  }

  all(): readonly PartitionFeed[] {
    return [...this.feeds.values()];
  }

  /** Whether the feed is the current one of its partition. */
  has(feed: PartitionFeed): boolean {
    return this.feeds.get(feed.partition) === feed;
  }

  /** Reads a partition from an offset, whatever was read of it before. */
  read(partition: number, offset: number): PartitionFeed {
    const before = this.feeds.get(partition);
    this.drop(partition);
    const feed = new PartitionFeed(partition, offset, this.options, before);
    this.feeds.set(partition, feed);
    return feed;
  }

  /** Stops reading a partition; its batch in progress becomes stale. */
  drop(partition: number): void {
    const feed = this.feeds.get(partition);
    if (feed === undefined) return;
    feed.end();
    this.feeds.delete(partition);
    this.ending.add(feed);
    void feed.settled().then(() => this.ending.delete(feed));
  }

  /** Stops reading all partitions; resolves when the batches in progress are done. */
  async end(): Promise<void> {
    for (const partition of this.partitions) this.drop(partition);
    await Promise.all([...this.ending].map((feed) => feed.settled()));
  }
}
