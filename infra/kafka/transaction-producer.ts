import type { Broker, Cluster, TransactionOwner } from './cluster.js';
import { PendingBatches } from './pending-batches.js';
import { produceRequest, type PartitionBatch } from './produce-request.js';
import { ProtocolError } from './protocol-error.js';
import type { RecordBatch } from './record-batch.js';
import { addToSequence } from './sequence.js';
import type { PartitionRecord } from './transactional-writer.js';
import { untilSettled } from './until-settled.js';

type Partition = {
  readonly topic: string;
  readonly partition: number;
  readonly pending: PendingBatches;
  nextSequence: number;
};

/** The next batch of a partition. */
type NextBatch = { readonly of: Partition; readonly batch: RecordBatch };

/** More in one batch gains nothing, and both sides have to find room for it in one piece. */
const MOST_BATCH_BYTES = 256 * 1024 - 1024;

/**
 * Writes the records of a transactional producer, which has its sequence numbers. One {@link send} at a time, with no {@link append}
 * meanwhile; an error is the end of it.
 */
export class TransactionProducer {
  private readonly topics = new Map<string, Map<number, Partition>>();

  constructor(
    private readonly cluster: Cluster,
    private readonly owner: TransactionOwner,
    private readonly maxBatchBytes: number,
  ) {}

  /** Encodes a record for the next {@link send}. */
  append(record: PartitionRecord): void {
    this.partition(record.topic, record.partition).pending.append(record);
  }

  get isEmpty(): boolean {
    return this.filled().length === 0;
  }

  /** The partitions that something was appended for. */
  filled(): Partition[] {
    return [...this.topics.values()].flatMap((ofTopic) =>
      [...ofTopic.values()].filter(({ pending }) => !pending.isEmpty),
    );
  }

  /** @returns the latest time that a leader stamped on them, if any does. @throws ProtocolError; whatever the connection throws. */
  async send(timeoutMs: number): Promise<number | undefined> {
    const filled = this.filled();
    let appendedAt: number | undefined;
    for (let round = 0; ; round += 1) {
      const next = filled.flatMap((of) => {
        const batch = of.pending.filled()[round];
        return batch === undefined ? [] : [{ of, batch }];
      });
      if (next.length === 0) break;
      const time = await this.sendNext(next, timeoutMs);
      if (time !== undefined) appendedAt = Math.max(appendedAt ?? 0, time);
    }
    for (const { pending } of filled) pending.clear();
    return appendedAt;
  }

  private async sendNext(next: readonly NextBatch[], timeoutMs: number): Promise<number | undefined> {
    let appendedAt: number | undefined;
    let left = next;
    // A leader that has moved has appended nothing: the same batches, with the same numbers, go to the new one.
    const sendLeft = async (): Promise<void> => {
      const answers = (
        await Promise.all([...this.byLeader(left)].map(([leader, some]) => this.request(leader, some, timeoutMs)))
      ).flat();
      let failure: number | undefined;
      for (const { topic, partition, errorCode, appendedAt: time } of answers) {
        if (errorCode !== 0) failure = errorCode;
        else left = left.filter(({ of }) => of.topic !== topic || of.partition !== partition);
        if (errorCode === 0 && time > 0) appendedAt = Math.max(appendedAt ?? 0, time);
      }
      if (failure !== undefined) throw new ProtocolError(failure);
      if (left.length > 0) throw new Error('not every partition has acknowledged');
    };
    await untilSettled(sendLeft, () => this.cluster.refreshMetadata());
    for (const { of, batch } of next) of.nextSequence = addToSequence(of.nextSequence, batch.records);
    return appendedAt;
  }

  private partition(topic: string, partition: number): Partition {
    let ofTopic = this.topics.get(topic);
    if (ofTopic === undefined) this.topics.set(topic, (ofTopic = new Map<number, Partition>()));
    let found = ofTopic.get(partition);
    if (found === undefined) {
      const pending = new PendingBatches(Math.min(MOST_BATCH_BYTES, this.maxBatchBytes));
      ofTopic.set(partition, (found = { topic, partition, pending, nextSequence: 0 }));
    }
    return found;
  }

  private byLeader(next: readonly NextBatch[]): Map<number, PartitionBatch[]> {
    const { producerId, producerEpoch } = this.owner;
    const byLeader = new Map<number, PartitionBatch[]>();
    for (const { of, batch } of next) {
      const { topic, partition, nextSequence } = of;
      const metadata = this.cluster.findTopicPartitionMetadata(topic).find((one) => one.partitionId === partition);
      const leader = metadata?.leader ?? -1;
      const producer = {
        id: BigInt(producerId),
        epoch: producerEpoch,
        firstSequence: nextSequence,
        isTransactional: true,
      };
      const batches = byLeader.get(leader) ?? [];
      batches.push({ topic, partition, batch, producer });
      byLeader.set(leader, batches);
    }
    return byLeader;
  }

  private async request(leader: number, batches: readonly PartitionBatch[], timeoutMs: number) {
    const broker: Broker = await this.cluster.findBroker({ nodeId: leader });
    return broker.connectionPool.send(produceRequest(batches, this.owner.transactionalId, timeoutMs));
  }
}
