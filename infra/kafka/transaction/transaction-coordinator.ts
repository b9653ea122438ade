import type { Clock } from '../../async/clock.js';
import {
  GROUP_COORDINATOR,
  TRANSACTION_COORDINATOR,
  type Cluster,
  type TransactionOwner,
} from '../connection/cluster.js';
import { Coordinator } from '../connection/coordinator.js';
import type { GroupPartition } from '../protocol/offset-fetch-request.js';

/** The next input offset to read. It becomes the group's committed offset together with the records of a transaction. */
export type ConsumedOffset = GroupPartition & { readonly offset: number };

export type TopicPartition = { readonly topic: string; readonly partition: number };

/**
 * Registers partitions and offsets with the open transaction and ends it: the requests of a transactional producer that write no records.
 * A transaction opens by itself with the first partition or offset.
 */
export class TransactionCoordinator {
  private readonly groups = new Map<string, Coordinator>();
  /** Partitions of the open transaction. */
  private added = new Set<string>();

  private constructor(
    private readonly cluster: Cluster,
    private readonly coordinator: Coordinator,
    readonly owner: TransactionOwner,
    private readonly clock: Clock,
  ) {}

  /** Initialises the transactional id: fences every earlier owner and aborts its open transaction. */
  static async open(
    cluster: Cluster,
    transactionalId: string,
    transactionTimeoutMs: number,
    clock: Clock,
  ): Promise<TransactionCoordinator> {
    const coordinator = new Coordinator(cluster, transactionalId, TRANSACTION_COORDINATOR, clock);
    const { producerId, producerEpoch } = await coordinator.ask((broker) =>
      broker.initProducerId({ transactionalId, transactionTimeout: transactionTimeoutMs }),
    );
    return new TransactionCoordinator(cluster, coordinator, { transactionalId, producerId, producerEpoch }, clock);
  }

  /** Adds those partitions that are not part of the transaction yet. Must precede writing to them. */
  async addPartitions(partitions: readonly TopicPartition[]): Promise<void> {
    const byTopic = new Map<string, number[]>();
    for (const { topic, partition } of partitions) {
      const name = `${topic} ${partition}`;
      if (this.added.has(name)) continue;
      this.added.add(name);
      const ofTopic = byTopic.get(topic);
      if (ofTopic === undefined) byTopic.set(topic, [partition]);
      else ofTopic.push(partition);
    }
    if (byTopic.size === 0) return;
    const topics = [...byTopic].map(([topic, ofTopic]) => ({ topic, partitions: ofTopic }));
    await this.coordinator.ask((broker) => broker.addPartitionsToTxn({ ...this.owner, topics }));
  }

  /** Makes the group's new offset part of the transaction. */
  async addOffset({ groupId, topic, partition, offset }: ConsumedOffset): Promise<void> {
    await this.coordinator.ask((broker) => broker.addOffsetsToTxn({ ...this.owner, groupId }));
    const topics = [{ topic, partitions: [{ partition, offset: String(offset) }] }];
    await this.ofGroup(groupId).ask((broker) => broker.txnOffsetCommit({ ...this.owner, groupId, topics }));
  }

  /** Commits the open transaction, even if it is empty. */
  async commit(): Promise<void> {
    await this.end(true);
    this.added = new Set();
  }

  /** Aborts the open transaction, if any. Refused when a newer owner has aborted it already. */
  async abort(): Promise<void> {
    if (this.added.size > 0) await this.end(false);
  }

  /** The coordinator of a consumer group. */
  ofGroup(groupId: string): Coordinator {
    let found = this.groups.get(groupId);
    if (found === undefined) {
      found = new Coordinator(this.cluster, groupId, GROUP_COORDINATOR, this.clock);
      this.groups.set(groupId, found);
    }
    return found;
  }

  private async end(transactionResult: boolean): Promise<void> {
    await this.coordinator.ask((broker) => broker.endTxn({ ...this.owner, transactionResult }));
  }
}
