import type { Consumer, Kafka } from 'kafkajs';
import { topicsOfOthers } from './group-readers.js';

export type GroupMembershipOptions = {
  readonly groupId: string;
  readonly topic: string;
  /** Called after each rebalance with all assigned partitions. */
  readonly onAssigned: (partitions: readonly number[]) => void;
  /** Called after each rebalance with the topics that other members of the group read: none, unless the group is shared by mistake. */
  readonly onOthers?: ((topics: readonly string[]) => void) | undefined;
  /** The membership has ended and does not recover by itself. */
  readonly onCrash: (error: Error) => void;
};

/** How long the group waits for a silent member before it gives the member's partitions to others. */
const SESSION_TIMEOUT_MS = 10_000;
const REBALANCE_TIMEOUT_MS = 30_000;
const HEARTBEAT_INTERVAL_MS = 2_000;
/** How often kafkajs checks whether a heartbeat is due while it has nothing to fetch. */
const HEARTBEAT_CHECK_MS = 250;

/**
 * A member of a consumer group on one topic. kafkajs joins, sends heartbeats and commits. All partitions are paused for it, because
 * `PartitionFetcher` reads them: so a slow batch cannot delay a heartbeat.
 */
export class GroupMembership {
  private readonly consumer: Consumer;
  private wasAssigned = false;

  constructor(
    kafka: Kafka,
    private readonly options: GroupMembershipOptions,
  ) {
    this.consumer = kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: SESSION_TIMEOUT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_INTERVAL_MS,
      maxWaitTimeInMs: HEARTBEAT_CHECK_MS,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 2_000,
        retries: 8,
        // Before the first assignment kafkajs may restart: a broker that has just started is still loading its groups. Afterwards the
        // caller must first discard what it built on the membership, so a crash is reported instead.
        restartOnFailure: () => Promise.resolve(!this.wasAssigned),
      },
    });
  }

  /** Starts to join the group; may resolve before the first assignment. */
  async start(): Promise<void> {
    const { topic, onAssigned, onOthers, onCrash } = this.options;
    this.consumer.on('consumer.group_join', ({ payload }) => {
      this.wasAssigned = true;
      this.consumer.pause([{ topic }]);
      onAssigned(payload.memberAssignment[topic] ?? []);
      if (onOthers !== undefined) void this.lookForOthers(onOthers);
    });
    this.consumer.on('consumer.crash', ({ payload }) => {
      if (!payload.restart) onCrash(payload.error);
    });
    await this.consumer.connect();
    await this.consumer.subscribe({ topic, fromBeginning: true });
    await this.consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
  }

  /** Commits positions (the next offset to read) outside of any transaction. @throws Error when the membership is out of date. */
  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    const { topic } = this.options;
    await this.consumer.commitOffsets(
      [...positions].map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
    );
  }

  /** Without an answer, the next rebalance asks again. */
  private async lookForOthers(onOthers: (topics: readonly string[]) => void): Promise<void> {
    const description = await this.consumer.describeGroup().catch(() => undefined);
    if (description !== undefined) onOthers(topicsOfOthers(description, this.options.topic));
  }

  /** Leaves the group. */
  async stop(): Promise<void> {
    await this.consumer.disconnect();
  }
}
