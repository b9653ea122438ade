import type { Broker, Cluster, TransactionOwner } from '../connection/cluster.js';
import { PendingBatches } from './pending-batches.js';
import { produceRequest, type PartitionBatch } from '../protocol/produce-request.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import type { RecordBatch } from '../protocol/records/record-batch.js';
import { addToSequence } from '../protocol/sequence.js';
import type { PartitionRecord } from './transactional-writer.js';
import { untilSettled } from '../connection/until-settled.js';

type Partition = {
  readonly topic: string;
  readonly partition: number;
  readonly pending: PendingBatches;
  nextSequence: number;
};

export type TopicPartition = Pick<Partition, 'topic' | 'partition'>;

/** The next batch of a partition. */
type NextBatch = { readonly of: Partition; readonly batch: RecordBatch };

export type TransactionProducerOptions = {
  /** Largest batch that all topics take. */
  readonly maxBatchBytes: number;
  /** How long the leaders wait for the replicas. */
  readonly timeoutMs: number;
  /** Makes partitions part of the transaction, if they are not yet: before anything is written to them. */
  readonly join: (partitions: readonly TopicPartition[]) => Promise<void>;
};

/** More in one batch gains nothing, and both sides have to find room for it in one piece. */
const MOST_BATCH_BYTES = 256 * 1024 - 1024;

/**
 * Writes the records of a transactional producer, which has its sequence numbers. Batches that are whole are sent while others fill, one
 * request at a time, the rest by {@link flush}. An error is the end of it.
 */
export class TransactionProducer {
  private readonly topics = new Map<string, Map<number, Partition>>();
  private sending: Promise<void> | undefined;
  private failure: { readonly error: unknown } | undefined;
  /** Latest time that a leader has stamped since the last {@link flush}. */
  private appendedAt: number | undefined;
  private hasAppended = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly owner: TransactionOwner,
    private readonly options: TransactionProducerOptions,
  ) {}

  /** Encodes a record. It is sent before the next {@link flush} resolves. */
  append(record: PartitionRecord): void {
    const { pending } = this.partition(record.topic, record.partition);
    pending.append(record);
    this.hasAppended = true;
    if (pending.hasWhole && this.failure === undefined) this.sending ??= this.sendWhole();
  }

  /** Whether nothing was appended since the last {@link flush}. */
  get isEmpty(): boolean {
    return !this.hasAppended;
  }

  /**
   * Sends what is left. Nothing may be appended until this resolves.
   * @returns the latest time that a leader has stamped on what was appended since the last time, if any does.
   * @throws ProtocolError; whatever the connection throws, now or earlier.
   */
  async flush(): Promise<number | undefined> {
    await this.sending;
    if (this.failure !== undefined) throw this.failure.error;
    await this.sendAll(() => true);
    const { appendedAt } = this;
    this.appendedAt = undefined;
    this.hasAppended = false;
    return appendedAt;
  }

  /** Resolves when no request is under way. */
  async settled(): Promise<void> {
    await this.sending;
  }

  private async sendWhole(): Promise<void> {
    try {
      await this.sendAll(({ hasWhole }) => hasWhole);
    } catch (error) {
      this.failure = { error };
    } finally {
      this.sending = undefined;
    }
  }

  private async sendAll(isReady: (pending: PendingBatches) => boolean): Promise<void> {
    for (let next = this.next(isReady); next.length > 0; next = this.next(isReady)) await this.send(next);
  }

  private next(isReady: (pending: PendingBatches) => boolean): NextBatch[] {
    const next: NextBatch[] = [];
    for (const ofTopic of this.topics.values()) {
      for (const of of ofTopic.values()) {
        const batch = of.pending.first;
        if (batch !== undefined && isReady(of.pending)) next.push({ of, batch });
      }
    }
    return next;
  }

  private async send(next: readonly NextBatch[]): Promise<void> {
    await this.options.join(next.map(({ of }) => of));
    let left = next;
    // A leader that has moved has appended nothing: the same batches, with the same numbers, go to the new one.
    const sendLeft = async (): Promise<void> => {
      const answers = (
        await Promise.all([...this.byLeader(left)].map(([leader, some]) => this.request(leader, some)))
      ).flat();
      let failure: number | undefined;
      for (const { topic, partition, errorCode, appendedAt } of answers) {
        if (errorCode !== 0) failure = errorCode;
        else left = left.filter(({ of }) => of.topic !== topic || of.partition !== partition);
        if (errorCode === 0 && appendedAt > 0) this.appendedAt = Math.max(this.appendedAt ?? 0, appendedAt);
      }
      if (failure !== undefined) throw new ProtocolError(failure);
      if (left.length > 0) throw new Error('not every partition has acknowledged');
    };
    await untilSettled(sendLeft, () => this.cluster.refreshMetadata());
    for (const { of, batch } of next) {
      of.nextSequence = addToSequence(of.nextSequence, batch.records);
      of.pending.shift();
    }
  }

  private partition(topic: string, partition: number): Partition {
    let ofTopic = this.topics.get(topic);
    if (ofTopic === undefined) this.topics.set(topic, (ofTopic = new Map<number, Partition>()));
    let found = ofTopic.get(partition);
    if (found === undefined) {
      const pending = new PendingBatches(Math.min(MOST_BATCH_BYTES, this.options.maxBatchBytes));
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

  private async request(leader: number, batches: readonly PartitionBatch[]) {
    const broker: Broker = await this.cluster.findBroker({ nodeId: leader });
    return broker.connectionPool.send(produceRequest(batches, this.owner.transactionalId, this.options.timeoutMs));
  }
}
