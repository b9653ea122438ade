import type { Kafka } from 'kafkajs';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { closeCluster, openCluster, type Broker, type Cluster } from '../connection/cluster.js';
import { readCommitted } from '../protocol/records/committed-records.js';
import { fetchRequest, type FetchAnswer } from '../protocol/fetch-request.js';
import type { BatchHandle, InputBatch, PartitionFeed } from './partition-feed.js';
import { PartitionFeeds } from './partition-feeds.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import { Wakeup } from '../../async/wakeup.js';

export type PartitionFetcherOptions = {
  readonly topic: string;
  /** Longest wait of a fetch for new records: the reaction time to `resume` and `read`, never a delay of records. */
  readonly maxWaitMs?: number;
  readonly maxBytesPerPartition?: number;
  /** Batches of one partition come one after the other, those of several partitions at the same time. */
  readonly onBatch: (batch: InputBatch, handle: BatchHandle) => Promise<void>;
  /**
   * A partition cannot be read any more: a batch was rejected, its records cannot be decoded, or the position is not in the log. Outages
   * and moved leaders are waited for, and not told.
   */
  readonly onFailed: (error: Error) => void;
};

/** A connection to each leader, from one look at the metadata to its first failure. */
type Session = { readonly cluster: Cluster; readonly leaders: ReadonlyMap<number, number> };

const OPEN_TIMEOUT_MS = 15_000;
const BACKOFF_MS = { first: 50, most: 2_000 };
/** After this long without a change of what is read, fetches wait as long as they may. */
const SETTLED_AFTER_MS = 1_000;
/** The wait while a partition may have to be added to the next fetch soon. */
const EAGER_WAIT_MS = 20;
/** An answer below this is what has just arrived; more is a backlog. */
const SMALL_ANSWER_BYTES = 64 * 1024;
/** So long after a small answer more may arrive, before it is asked for: when somebody waits for it, and when nobody does. */
const GATHER_MS = { wanted: 1, busy: 5 };

const OFFSET_OUT_OF_RANGE = 1;
/** The leader has moved, is starting, or has trouble with its disk: found again by a new look at the metadata. */
const MOVED: ReadonlySet<number> = new Set([3, 5, 6, 7, 8, 9, 56, 74, 75, 76, 78]);

/**
 * Reads committed records of partitions of one topic, each from where it is told, and fetches ahead while a batch is in hand.
 *
 * kafkajs has no consumer without a group, fetches nothing while any partition's batch is in hand, and makes several objects of each
 * record's numbers; only its connections are used.
 */
export class PartitionFetcher {
  private readonly feeds: PartitionFeeds;
  private readonly paused = new Set<number>();
  private readonly changed = new Wakeup();
  private changedAt = -Infinity;
  private session: Session | undefined;
  private running: Promise<void> | undefined;
  private isStopped = false;
  private readonly maxWaitMs: number;
  private readonly maxBytesPerPartition: number;

  constructor(
    private readonly kafka: Kafka,
    private readonly options: PartitionFetcherOptions,
  ) {
    this.feeds = new PartitionFeeds({
      nextTurn: setImmediate,
      onBatch: options.onBatch,
      onRejected: (error) => this.failed(error),
      onRoom: () => this.changed.notify(),
    });
    this.maxWaitMs = options.maxWaitMs ?? 1_000;
    this.maxBytesPerPartition = options.maxBytesPerPartition ?? 262_144;
  }

  get partitions(): readonly number[] {
    return this.feeds.partitions;
  }

  /** Reads on from an offset, now, whatever was read before. Connects at the first call, and again whenever that is needed. */
  read(partition: number, offset: number): void {
    if (this.isStopped) return;
    this.feeds.read(partition, offset);
    // A partition that is newer than our metadata.
    if (this.session?.leaders.has(partition) === false) this.session = undefined;
    this.noteChange();
    this.running ??= this.run();
  }

  /** Ends reading a partition; its batch in hand is stale. */
  drop(partition: number): void {
    this.feeds.drop(partition);
  }

  /** Fetches nothing more of partitions; what was fetched already still comes. */
  pause(partitions: readonly number[]): void {
    for (const partition of partitions) this.paused.add(partition);
  }

  resume(partitions: readonly number[]): void {
    for (const partition of partitions) this.paused.delete(partition);
    this.noteChange();
  }

  /** Resolves when the batches in hand are done; there are no more. */
  async stop(): Promise<void> {
    this.isStopped = true;
    const ended = this.feeds.end();
    this.changed.notify();
    await ended;
  }

  private noteChange(): void {
    this.changedAt = performance.now();
    this.changed.notify();
  }

  private failed(error: unknown): void {
    if (!this.isStopped) this.options.onFailed(error instanceof Error ? error : new Error(String(error)));
  }

  private async run(): Promise<void> {
    let backoffMs = BACKOFF_MS.first;
    while (!this.isStopped) {
      try {
        await this.use(await this.open(), () => (backoffMs = BACKOFF_MS.first));
      } catch {
        // Brokers are away or leaders have moved: kafkajs has logged what a connection said, and the next look tells the rest.
        await delay(backoffMs);
        backoffMs = Math.min(2 * backoffMs, BACKOFF_MS.most);
      }
    }
  }

  private async use(session: Session, onAnswer: () => void): Promise<void> {
    this.session = session;
    const loops = [...new Set(session.leaders.values())].map((leader) => this.fetchFrom(session, leader, onAnswer));
    try {
      await Promise.all(loops);
    } finally {
      this.session = undefined;
      // A broker that hangs answers late or never: the next session does not wait for that.
      void closeCluster(session.cluster, loops);
    }
  }

  private async open(): Promise<Session> {
    const { topic } = this.options;
    return openCluster(this.kafka, OPEN_TIMEOUT_MS, `finding the leaders of ${topic}`, async (cluster) => {
      await cluster.addMultipleTargetTopics([topic]);
      const metadata = cluster.findTopicPartitionMetadata(topic);
      return { cluster, leaders: new Map(metadata.map(({ partitionId, leader }) => [partitionId, leader])) };
    });
  }

  private async fetchFrom(session: Session, leader: number, onAnswer: () => void): Promise<void> {
    const broker = await session.cluster.findBroker({ nodeId: leader });
    for (let turn = 0; this.isCurrent(session); turn += 1) {
      const ofLeader = this.feedsOf(session, leader);
      const wanting = ofLeader.filter(({ waitingBytes }) => waitingBytes < this.maxBytesPerPartition);
      if (wanting.length === 0) {
        await this.changed.wait();
        continue;
      }
      const isSettled = wanting.length === ofLeader.length && performance.now() - this.changedAt > SETTLED_AFTER_MS;
      const first = turn % wanting.length;
      const feeds = [...wanting.slice(first), ...wanting.slice(0, first)];
      const bytes = await this.fetch(session, broker, feeds, isSettled ? this.maxWaitMs : EAGER_WAIT_MS);
      onAnswer();
      if (bytes > 0 && bytes < SMALL_ANSWER_BYTES) {
        await delay(feeds.every(({ isBusy }) => isBusy) ? GATHER_MS.busy : GATHER_MS.wanted);
      }
    }
  }

  /** @returns bytes of records in the answer. @throws what says that the session is over. */
  private async fetch(
    session: Session,
    broker: Broker,
    feeds: readonly PartitionFeed[],
    maxWaitMs: number,
  ): Promise<number> {
    const { maxBytesPerPartition } = this;
    const positions = feeds.map(({ partition, position: offset }) => ({ partition, offset }));
    const request = fetchRequest(this.options.topic, positions, {
      maxWaitMs: Math.min(maxWaitMs, this.maxWaitMs),
      maxBytesPerPartition,
    });
    const answers = await broker.connectionPool.send(request);
    let bytes = 0;
    for (const answer of answers) {
      const feed = feeds.find(({ partition }) => partition === answer.partition);
      const isWanted = feed !== undefined && this.isCurrent(session) && this.feeds.has(feed);
      if (isWanted) await this.take(session, feed, answer);
      bytes += answer.recordSet.length;
    }
    return bytes;
  }

  private async take(session: Session, feed: PartitionFeed, answer: FetchAnswer): Promise<void> {
    const { errorCode, highWatermark, recordSet, aborted } = answer;
    if (MOVED.has(errorCode)) throw new ProtocolError(errorCode);
    const low = errorCode === OFFSET_OUT_OF_RANGE ? await this.firstOffset(session, feed.partition) : undefined;
    try {
      if (low !== undefined) this.passDeleted(feed, low);
      else if (errorCode !== 0) throw new ProtocolError(errorCode);
      else feed.add({ ...readCommitted(recordSet, aborted, feed.position), highWatermark }, recordSet.length);
    } catch (error) {
      this.drop(feed.partition);
      this.failed(error);
    }
  }

  private async firstOffset({ cluster }: Session, partition: number): Promise<number> {
    const { topic } = this.options;
    const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning: true }]);
    return Number(found?.partitions[0]?.offset ?? -1);
  }

  /** Records that were deleted before they were read are a stretch without records. */
  private passDeleted(feed: PartitionFeed, low: number): void {
    const { partition, position } = feed;
    if (low <= position) {
      throw new Error(
        `offset ${position} of ${this.options.topic}, partition ${partition}, is beyond its end: the topic was made anew or has ` +
          `lost records; reset the group's offsets (kafka-consumer-groups --reset-offsets) once you know which`,
      );
    }
    feed.add({ records: [], nextOffset: low, highWatermark: low }, 0);
  }

  private feedsOf(session: Session, leader: number): PartitionFeed[] {
    return this.feeds
      .all()
      .filter(({ partition }) => !this.paused.has(partition) && session.leaders.get(partition) === leader);
  }

  private isCurrent(session: Session): boolean {
    return !this.isStopped && this.session === session;
  }
}
