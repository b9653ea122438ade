import type { Consumer, Kafka } from 'kafkajs';

export type GroupMembershipOptions = {
  readonly groupId: string;
  readonly topic: string;
  /** How long the group waits for a silent member before it hands its partitions on. */
  readonly sessionTimeoutMs?: number;
  /** Called after each rebalance with all partitions that are ours now. */
  readonly onAssigned: (partitions: readonly number[]) => void;
  /** The membership is over and will not come back by itself. */
  readonly onCrash: (error: Error) => void;
};

/** How often kafkajs looks whether a heartbeat is due, as it has nothing to fetch. */
const LOOK_EVERY_MS = 250;

/**
 * A member of a consumer group on one topic. kafkajs joins, beats and commits; reading is left to others, so all partitions are paused
 * for it, and a batch that takes long cannot keep a heartbeat waiting.
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
      sessionTimeout: options.sessionTimeoutMs ?? 10_000,
      rebalanceTimeout: 30_000,
      heartbeatInterval: 2_000,
      maxWaitTimeInMs: LOOK_EVERY_MS,
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

  /** Joins the group; resolves when that is under way, maybe before the first assignment. */
  async start(): Promise<void> {
    const { topic, onAssigned, onCrash } = this.options;
    this.consumer.on('consumer.group_join', ({ payload }) => {
      this.wasAssigned = true;
      this.consumer.pause([{ topic }]);
      onAssigned(payload.memberAssignment[topic] ?? []);
    });
    this.consumer.on('consumer.crash', ({ payload }) => {
      if (!payload.restart) onCrash(payload.error);
    });
    await this.consumer.connect();
    await this.consumer.subscribe({ topic, fromBeginning: true });
    await this.consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
  }

  /** Commits positions (the next offset to read) outside of any transaction. @throws Error when the membership is not the latest. */
  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    const { topic } = this.options;
    await this.consumer.commitOffsets(
      [...positions].map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
    );
  }

  /** Leaves the group. */
  async stop(): Promise<void> {
    await this.consumer.disconnect();
  }
}
