import type { Clock } from '../../async/clock.js';
import type { Compressor } from '../compression/codecs.js';
import type { Cluster } from '../connection/cluster.js';
import { untilSettled } from '../connection/until-settled.js';
import { produceRequest, type PartitionBatch } from '../protocol/produce-request.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import { addToSequence } from '../protocol/sequence.js';
import type { PartitionRecord } from './partition-record.js';
import { PendingBatches } from './pending-batches.js';
import type { TopicPartition, TransactionCoordinator } from './transaction-coordinator.js';

type Partition = TopicPartition & {
  readonly pending: PendingBatches;
  nextSequence: number;
};

/** A partition's first pending batch, with the sequence number that it keeps until it is written. */
type NextBatch = PartitionBatch & { readonly of: Partition };

export type TransactionProducerOptions = {
  readonly maxBatchBytes: number;
  readonly transactionTimeoutMs: number;
  readonly compressor: Compressor | undefined;
  readonly clock: Clock;
};

/** Largest batch. A larger one gains nothing, and client and broker each need memory for it in one piece. */
const MAX_BATCH_BYTES = 256 * 1024 - 1024;

/**
 * Writes the records of a transactional producer and counts its sequence numbers. Sends full batches while others fill, one request at a
 * time to each leader, and the rest at {@link flush}. After an error it is finished.
 */
export class TransactionProducer {
  private readonly topics = new Map<string, Map<number, Partition>>();
  private sending: Promise<void> | undefined;
  private failure: { readonly error: unknown } | undefined;
  /** Latest LogAppendTime since the last {@link flush}. */
  private appendedAt: number | undefined;
  private hasAppended = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly coordinator: TransactionCoordinator,
    private readonly options: TransactionProducerOptions,
  ) {}

  /** Encodes a record. It is sent before the next {@link flush} resolves. */
  readonly append = (record: PartitionRecord): void => {
    const { pending } = this.partition(record.topic, record.partition);
    pending.append(record);
    this.hasAppended = true;
    if (pending.hasFull && this.failure === undefined) this.sending ??= this.sendFull();
  };

  /** Whether nothing was appended since the last {@link flush}. */
  get isEmpty(): boolean {
    return !this.hasAppended;
  }

  /**
   * Sends what is pending. Nothing may be appended until this resolves.
   * @returns the latest LogAppendTime of the records appended since the last flush, where a topic has it.
   * @throws ProtocolError, or an error of the connection, of this call or of an earlier send.
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

  /** Resolves when no request is in flight. */
  async settled(): Promise<void> {
    await this.sending;
  }

  private async sendFull(): Promise<void> {
    try {
      await this.sendAll(({ hasFull }) => hasFull);
    } catch (error) {
      this.failure = { error };
    } finally {
      this.sending = undefined;
    }
  }

  private async sendAll(isReady: (pending: PendingBatches) => boolean): Promise<void> {
    for (let next = this.nextBatches(isReady); next.length > 0; next = this.nextBatches(isReady)) {
      await this.coordinator.addPartitions(next);
      await this.write(next);
      for (const { of, batch } of next) {
        of.nextSequence = addToSequence(of.nextSequence, batch.records);
        of.pending.shift();
      }
    }
  }

  private nextBatches(isReady: (pending: PendingBatches) => boolean): NextBatch[] {
    const { producerId, producerEpoch } = this.coordinator.owner;
    const next: NextBatch[] = [];
    for (const ofTopic of this.topics.values()) {
      for (const of of ofTopic.values()) {
        const { topic, partition, pending, nextSequence: firstSequence } = of;
        const batch = pending.first;
        if (batch === undefined || !isReady(pending)) continue;
        const producer = { id: BigInt(producerId), epoch: producerEpoch, firstSequence, isTransactional: true };
        next.push({ of, topic, partition, batch, producer });
      }
    }
    return next;
  }

  /** A leader that has moved has appended nothing: the same batches, with the same sequence numbers, go to the new one. */
  private async write(batches: readonly NextBatch[]): Promise<void> {
    let unwritten = batches;
    const attempt = async (): Promise<void> => {
      const requests = [...this.byLeader(unwritten)].map(([leader, ofLeader]) => this.request(leader, ofLeader));
      let failure: ProtocolError | undefined;
      for (const { topic, partition, errorCode, appendedAt } of (await Promise.all(requests)).flat()) {
        if (errorCode !== 0) {
          failure = new ProtocolError(errorCode, `writing to ${topic}, partition ${partition}`);
          continue;
        }
        unwritten = unwritten.filter((one) => one.topic !== topic || one.partition !== partition);
        if (appendedAt > 0) this.appendedAt = Math.max(this.appendedAt ?? 0, appendedAt);
      }
      if (failure !== undefined) throw failure;
      const [first] = unwritten;
      if (first !== undefined) throw new Error(`no answer for ${first.topic}, partition ${first.partition}`);
    };
    await untilSettled(attempt, this.options.clock, () => this.cluster.refreshMetadata());
  }

  private partition(topic: string, partition: number): Partition {
    let ofTopic = this.topics.get(topic);
    if (ofTopic === undefined) this.topics.set(topic, (ofTopic = new Map<number, Partition>()));
    let found = ofTopic.get(partition);
    if (found === undefined) {
      const pending = new PendingBatches(Math.min(MAX_BATCH_BYTES, this.options.maxBatchBytes));
      ofTopic.set(partition, (found = { topic, partition, pending, nextSequence: 0 }));
    }
    return found;
  }

  private byLeader(batches: readonly NextBatch[]): Map<number, NextBatch[]> {
    const byLeader = new Map<number, NextBatch[]>();
    for (const one of batches) {
      const metadata = this.cluster.findTopicPartitionMetadata(one.topic);
      const leader = metadata.find(({ partitionId }) => partitionId === one.partition)?.leader ?? -1;
      const ofLeader = byLeader.get(leader);
      if (ofLeader === undefined) byLeader.set(leader, [one]);
      else ofLeader.push(one);
    }
    return byLeader;
  }

  private async request(leader: number, batches: readonly PartitionBatch[]) {
    const broker = await this.cluster.findBroker({ nodeId: leader });
    const { transactionTimeoutMs: timeoutMs, compressor, clock } = this.options;
    const { transactionalId } = this.coordinator.owner;
    const options = { transactionalId, timeoutMs, timestamp: clock.now(), compressor };
    return broker.connectionPool.send(produceRequest(batches, options));
  }
}
