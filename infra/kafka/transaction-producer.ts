import type { Broker, Cluster, TransactionOwner } from './cluster.js';
import { produceRequest, type PartitionBatch } from './produce-request.js';
import { ProtocolError } from './protocol-error.js';
import { RecordBatch } from './record-batch.js';
import { addToSequence } from './sequence.js';
import type { PartitionRecord } from './transactional-writer.js';
import { untilSettled } from './until-settled.js';

type Partition = {
  readonly topic: string;
  readonly partition: number;
  readonly batch: RecordBatch;
  nextSequence: number;
};

/** Writes the records of a transactional producer, which has its sequence numbers. One call at a time; an error is the end of it. */
export class TransactionProducer {
  private readonly topics = new Map<string, Map<number, Partition>>();

  constructor(
    private readonly cluster: Cluster,
    private readonly owner: TransactionOwner,
  ) {}

  /** @returns the latest time that a leader stamped on them, if any does. @throws ProtocolError; whatever the connection throws. */
  async send(records: readonly PartitionRecord[], timeoutMs: number): Promise<number | undefined> {
    const filled = new Set<Partition>();
    for (const record of records) {
      const partition = this.partition(record.topic, record.partition);
      partition.batch.append(record);
      filled.add(partition);
    }
    let appendedAt: number | undefined;
    let left = [...filled];
    // A leader that has moved has appended nothing: the same batches, with the same numbers, go to the new one.
    const sendLeft = async (): Promise<void> => {
      const answers = (
        await Promise.all([...this.byLeader(left)].map(([leader, some]) => this.request(leader, some, timeoutMs)))
      ).flat();
      let failure: number | undefined;
      for (const { topic, partition, errorCode, appendedAt: time } of answers) {
        if (errorCode !== 0) failure = errorCode;
        else left = left.filter((one) => one.topic !== topic || one.partition !== partition);
        if (errorCode === 0 && time > 0) appendedAt = Math.max(appendedAt ?? 0, time);
      }
      if (failure !== undefined) throw new ProtocolError(failure);
      if (left.length > 0) throw new Error('not every partition has acknowledged');
    };
    await untilSettled(sendLeft, () => this.cluster.refreshMetadata());
    for (const partition of filled) {
      partition.nextSequence = addToSequence(partition.nextSequence, partition.batch.records);
      partition.batch.clear();
    }
    return appendedAt;
  }

  private partition(topic: string, partition: number): Partition {
    let ofTopic = this.topics.get(topic);
    if (ofTopic === undefined) this.topics.set(topic, (ofTopic = new Map<number, Partition>()));
    let found = ofTopic.get(partition);
    if (found === undefined) {
      ofTopic.set(partition, (found = { topic, partition, batch: new RecordBatch(), nextSequence: 0 }));
    }
    return found;
  }

  private byLeader(partitions: readonly Partition[]): Map<number, PartitionBatch[]> {
    const { producerId, producerEpoch } = this.owner;
    const byLeader = new Map<number, PartitionBatch[]>();
    for (const { topic, partition, batch, nextSequence } of partitions) {
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
