import type { Kafka } from 'kafkajs';
import { setImmediate } from 'node:timers/promises';
import { Backoff } from '../../async/backoff.js';
import { sleep, systemClock, type Clock } from '../../async/clock.js';
import { Wakeup } from '../../async/wakeup.js';
import type { Logger } from '../../observability/logger.js';
import { closeCluster, type Broker } from '../connection/cluster.js';
import { reactionTo } from '../protocol/error-codes.js';
import { fetchRequest, type FetchAnswer } from '../protocol/fetch-request.js';
import { fetchedRecords, fetchError } from './fetched-records.js';
import { canReadMore, firstOffset, openLeaderSession, type LeaderSession } from './leader-session.js';
import { LostPartitions } from './lost-partitions.js';
import type { BatchHandle, InputBatch, PartitionFeed } from './partition-feed.js';
import { PartitionFeeds } from './partition-feeds.js';

export type PartitionFetcherOptions = {
  readonly topic: string;
  /** Longest wait of a fetch for new records. It delays the reaction to `resume` and `read`, never records. Default 1,000. */
  readonly maxWaitMs?: number;
  /** Default 256 KiB. */
  readonly maxBytesPerPartition?: number;
  /** Batches of one partition come one after another, those of different partitions concurrently. */
  readonly onBatch: (batch: InputBatch, handle: BatchHandle) => Promise<void>;
  /**
   * A partition cannot be read any more: the processing of a batch failed, its records cannot be decoded, or the position is not in the log.
   * Outages and moved leaders are not reported: the fetcher retries until they are over.
   */
  readonly onFailed: (error: Error) => void;
  /** Gets a line when a partition cannot be read while others can, and when it can again. */
  readonly logger?: Logger | undefined;
  readonly clock?: Clock;
};

/** Delay before connecting again after a failure. */
const BACKOFF = { initialMs: 50, maxMs: 2_000 };
/** Delay before looking for a better session, while this one reads the partitions that it can. */
const RECOVERY_BACKOFF = { initialMs: 50, maxMs: 2_000 };
/** After a session that has lasted for longer, those delays start over. */
const STABLE_MS = 10_000;
/** Time without a change of the partitions to read after which fetches wait for `maxWaitMs`. */
const SETTLED_AFTER_MS = 1_000;
/** Wait of a fetch before that: the next fetch may have to include another partition. */
const EAGER_WAIT_MS = 20;
/** A smaller response holds records that have just arrived, a larger one is part of a backlog. */
const SMALL_RESPONSE_BYTES = 64 * 1024;
/** Delay before refetching after a small response, so that more records arrive: while every partition is being processed, or not. */
const REFETCH_DELAY_MS = { busy: 5, idle: 1 };

/**
 * Reads committed records of partitions of one topic, each from a given offset, and fetches ahead during a batch.
 *
 * kafkajs has no consumer without a group, fetches nothing while it processes a batch, and creates several objects for the numbers of each
 * record. Only its connections are used.
 */
export class PartitionFetcher {
  private readonly feeds: PartitionFeeds;
  private readonly paused = new Set<number>();
  private readonly changed = new Wakeup();
  private readonly backoff = new Backoff(BACKOFF);
  private readonly recovery = new Backoff(RECOVERY_BACKOFF);
  private readonly lost: LostPartitions;
  private recoveredAt = -Infinity;
  private readonly clock: Clock;
  private readonly maxWaitMs: number;
  private readonly maxBytesPerPartition: number;
  private changedAt = -Infinity;
  private session: LeaderSession | undefined;
  private running: Promise<void> | undefined;
  private isStopped = false;

  constructor(
    private readonly kafka: Kafka,
    private readonly options: PartitionFetcherOptions,
  ) {
    this.feeds = new PartitionFeeds({
      nextTurn: setImmediate,
      onBatch: options.onBatch,
      onRejected: (error) => this.fail(error),
      onRoom: () => this.changed.notify(),
    });
    this.clock = options.clock ?? systemClock;
    this.lost = new LostPartitions(options.topic, options.logger);
    this.maxWaitMs = options.maxWaitMs ?? 1_000;
    this.maxBytesPerPartition = options.maxBytesPerPartition ?? 262_144;
  }

  /** Number of partitions of the topic that cannot be read while others can. */
  get unavailable(): number {
    return this.lost.size;
  }

  get partitions(): readonly number[] {
    return this.feeds.partitions;
  }

  /** Reads a partition from an offset, whatever was read of it before. Connects at the first call, and again whenever that is needed. */
  read(partition: number, offset: number): void {
    if (this.isStopped) return;
    this.feeds.read(partition, offset);
    // The partition is newer than the metadata of this session.
    if (this.session?.leaders.has(partition) === false) this.session = undefined;
    this.noteChange();
    this.running ??= this.run();
  }

  /** Stops reading a partition; its batch in progress becomes stale. */
  drop(partition: number): void {
    this.feeds.drop(partition);
  }

  /** Stops fetching partitions; batches that are fetched already still come. */
  pause(partitions: readonly number[]): void {
    for (const partition of partitions) this.paused.add(partition);
  }

  resume(partitions: readonly number[]): void {
    for (const partition of partitions) this.paused.delete(partition);
    this.noteChange();
  }

  /** Resolves when the batches in progress are done; none follows. */
  async stop(): Promise<void> {
    this.isStopped = true;
    const ended = this.feeds.end();
    this.changed.notify();
    await ended;
  }

  private noteChange(): void {
    this.changedAt = this.clock.monotonic();
    this.changed.notify();
  }

  private fail(error: unknown): void {
    if (!this.isStopped) this.options.onFailed(error instanceof Error ? error : new Error(String(error)));
  }

  private async run(): Promise<void> {
    let better: LeaderSession | undefined;
    while (!this.isStopped) {
      try {
        better = await this.fetchFromAll(
          better ?? (await openLeaderSession(this.kafka, this.options.topic, this.clock)),
        );
      } catch {
        better = undefined;
        // Brokers are unavailable, which kafkajs has logged, or leaders have moved, which the next session finds out.
        await sleep(this.clock, this.backoff.nextMs());
      }
    }
  }

  /** @returns a session that replaces this one, if there is one. @throws Error when no leader can be read from. */
  private async fetchFromAll(session: LeaderSession): Promise<LeaderSession | undefined> {
    this.session = session;
    this.lost.report(session);
    let foundBetter: (better: LeaderSession) => void = () => undefined;
    const replaced = new Promise<LeaderSession>((resolve) => (foundBetter = resolve));
    let isSearching = false;
    const search = (): void => {
      if (isSearching || !this.isCurrent(session)) return;
      isSearching = true;
      this.lost.report(session);
      void this.findBetter(session).then((better) => better && foundBetter(better));
    };
    const leaders = new Set([...session.leaders].flatMap(([partition, id]) => (session.lost.has(partition) ? [] : id)));
    const fetching = [...leaders].map((leader) => ({ leader, loop: this.fetchFrom(session, leader, search) }));
    const loops = fetching.map(({ leader, loop }) =>
      loop.catch((error: unknown) => {
        for (const [partition, id] of session.leaders) {
          if (id === leader && !session.lost.has(partition)) session.lost.set(partition, error);
        }
        if (session.lost.size === session.leaders.size) throw error;
        search();
      }),
    );
    if (session.lost.size > 0) search();
    try {
      return await Promise.race([replaced, Promise.all(loops).then(() => undefined)]);
    } finally {
      this.session = undefined;
      this.changed.notify();
      // Does not wait: a hung broker answers late or never.
      void closeCluster(
        session.cluster,
        fetching.map(({ loop }) => loop),
      );
    }
  }

  private async findBetter(session: LeaderSession): Promise<LeaderSession | undefined> {
    if (this.clock.monotonic() - this.recoveredAt > STABLE_MS) this.recovery.reset();
    while (this.isCurrent(session)) {
      await sleep(this.clock, this.recovery.nextMs());
      if (!this.isCurrent(session)) return undefined;
      const candidate = await openLeaderSession(this.kafka, this.options.topic, this.clock).catch(() => undefined);
      if (candidate === undefined) continue;
      if ((await canReadMore(candidate, session)) && this.isCurrent(session)) {
        this.recoveredAt = this.clock.monotonic();
        return candidate;
      }
      void closeCluster(candidate.cluster, []);
    }
    return undefined;
  }

  private async fetchFrom(session: LeaderSession, leader: number, onLost: () => void): Promise<void> {
    const broker = await session.cluster.findBroker({ nodeId: leader });
    for (let turn = 0; this.isCurrent(session); turn += 1) {
      const ofLeader = this.feedsOf(session, leader);
      const wanted = ofLeader.filter(({ waitingBytes }) => waitingBytes < this.maxBytesPerPartition);
      if (wanted.length === 0) {
        await this.changed.wait();
        continue;
      }
      const isSettled = wanted.length === ofLeader.length && this.clock.monotonic() - this.changedAt > SETTLED_AFTER_MS;
      const first = turn % wanted.length;
      const feeds = [...wanted.slice(first), ...wanted.slice(0, first)];
      const bytes = await this.fetch(session, broker, feeds, isSettled ? this.maxWaitMs : EAGER_WAIT_MS);
      this.backoff.reset();
      if (session.lost.size > 0) onLost();
      if (bytes > 0 && bytes < SMALL_RESPONSE_BYTES) {
        const allBusy = feeds.every(({ isBusy }) => isBusy);
        await sleep(this.clock, allBusy ? REFETCH_DELAY_MS.busy : REFETCH_DELAY_MS.idle);
      }
    }
  }

  /** @returns bytes of records in the response. @throws Error when the session is over. */
  private async fetch(
    session: LeaderSession,
    broker: Broker,
    feeds: readonly PartitionFeed[],
    maxWaitMs: number,
  ): Promise<number> {
    const { maxBytesPerPartition } = this;
    const positions = feeds.map(({ partition, position: offset }) => ({ partition, offset }));
    const limits = { maxWaitMs: Math.min(maxWaitMs, this.maxWaitMs), maxBytesPerPartition };
    const answers = await broker.connectionPool.send(fetchRequest(this.options.topic, positions, limits));
    let bytes = 0;
    for (const answer of answers) {
      const feed = feeds.find(({ partition }) => partition === answer.partition);
      const isWanted = feed !== undefined && this.isCurrent(session) && this.feeds.has(feed);
      if (isWanted) await this.accept(session, feed, answer);
      bytes += answer.recordSet.length;
    }
    return bytes;
  }

  private async accept(session: LeaderSession, feed: PartitionFeed, answer: FetchAnswer): Promise<void> {
    const { topic } = this.options;
    const { partition, position } = feed;
    const reaction = reactionTo(answer.errorCode);
    if (reaction === 'find leader' || reaction === 'reconnect') {
      const error = fetchError(topic, position, answer);
      session.lost.set(partition, error);
      if (session.lost.size === session.leaders.size) throw error;
      return;
    }
    const low = reaction === 'seek' ? await firstOffset(session, topic, partition) : undefined;
    try {
      feed.add(fetchedRecords(topic, position, answer, low));
    } catch (error) {
      this.drop(partition);
      this.fail(error);
    }
  }

  private feedsOf(session: LeaderSession, leader: number): PartitionFeed[] {
    return this.feeds
      .all()
      .filter(({ partition }) => !this.paused.has(partition) && session.leaders.get(partition) === leader)
      .filter(({ partition }) => !session.lost.has(partition));
  }

  private isCurrent(session: LeaderSession): boolean {
    return !this.isStopped && this.session === session;
  }
}
