import type { Kafka } from 'kafkajs';
import {
  closeCluster,
  GROUP_COORDINATOR,
  openCluster,
  TRANSACTION_COORDINATOR,
  type Cluster,
  type TransactionOwner,
} from '../connection/cluster.js';
import { Coordinator } from '../connection/coordinator.js';
import { FencedError, isFenced, TransactionFailedError } from './errors.js';
import { stableOffsetRequest, type GroupPartition } from '../protocol/offset-fetch-request.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import { TransactionProducer, type TopicPartition } from './transaction-producer.js';
import { withTimeout } from '../../async/timeout.js';

/** A record to write to one partition. A `null` value is a tombstone. */
export type PartitionRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
};

/** The input position that becomes the group's committed offset together with the records: the next offset to read. */
export type ConsumedOffset = GroupPartition & { readonly offset: number };

/** When the leader appended the records, by its own clock (ms); `undefined` where the topics do not use LogAppendTime. */
export type CommitReceipt = { readonly appendedAt: number | undefined };

export type TransactionalWriterOptions = {
  readonly transactionalId: string;
  /** All topics that it may write to. */
  readonly topics: readonly string[];
  /** The broker aborts a transaction that is open for longer. A commit that takes longer fails. */
  readonly transactionTimeoutMs: number;
  /** Largest batch that all topics take (`max.message.bytes`). */
  readonly maxBatchBytes: number;
};

/**
 * A transactional producer that owns its transactional id while no newer one with the same id has been opened.
 *
 * Made for one task: one commit at a time, and after any error it is finished. A delayed EndTxn could end the next transaction
 * (KAFKA-17754), and whether the last one was committed is known to the log alone, so nothing is sent again but what a broker has refused
 * because it was not ready.
 */
export class TransactionalWriter {
  private isOver = false;
  private readonly underWay = new Set<Promise<unknown>>();
  private groupCoordinator: Coordinator | undefined;
  private readonly producer: TransactionProducer;
  private readonly timeoutMs: number;
  /** What is part of the transaction that is open. */
  private joined = new Set<string>();

  private constructor(
    private readonly cluster: Cluster,
    private readonly coordinator: Coordinator,
    private readonly owner: TransactionOwner,
    { maxBatchBytes, transactionTimeoutMs: timeoutMs }: TransactionalWriterOptions,
  ) {
    const join = (partitions: readonly TopicPartition[]): Promise<void> => this.join(partitions);
    this.producer = new TransactionProducer(cluster, owner, { maxBatchBytes, timeoutMs, join });
    this.timeoutMs = timeoutMs;
  }

  /**
   * Initialises the transactional id: every earlier writer with it is fenced, and its open transaction is aborted, before this resolves.
   * @throws Error when that could not be done in time: wait a little and open again.
   */
  static async open(kafka: Kafka, options: TransactionalWriterOptions): Promise<TransactionalWriter> {
    const { transactionalId, topics, transactionTimeoutMs: timeoutMs } = options;
    return openCluster(kafka, timeoutMs, `initialising the transactional id ${transactionalId}`, async (cluster) => {
      await cluster.addMultipleTargetTopics(topics);
      const coordinator = new Coordinator(cluster, transactionalId, TRANSACTION_COORDINATOR);
      const { producerId, producerEpoch } = await coordinator.ask((broker) =>
        broker.initProducerId({ transactionalId, transactionTimeout: timeoutMs }),
      );
      const owner = { transactionalId, producerId, producerEpoch };
      return new TransactionalWriter(cluster, coordinator, owner, options);
    });
  }

  /**
   * Makes a record part of the next {@link commit}. It is encoded at once, and nothing of it is kept. Large amounts are on their way before the
   * commit, which tells when that has failed.
   */
  append(record: PartitionRecord): void {
    this.producer.append(record);
  }

  /** Whether nothing was appended since the last commit. */
  get isEmpty(): boolean {
    return this.producer.isEmpty;
  }

  /**
   * Writes what was appended and the consumed offset in one transaction: all becomes visible, or nothing.
   *
   * @throws FencedError when a newer owner has the id: drop the task.
   * @throws TransactionFailedError for anything else: the outcome is unknown; close this writer and open a new one.
   */
  async commit(consumed?: ConsumedOffset): Promise<CommitReceipt> {
    if (this.isOver) throw new TransactionFailedError('the writer is finished');
    const work = this.tracked(this.transact(consumed));
    try {
      return await withTimeout(work, this.timeoutMs, 'waiting for the transaction');
    } catch (cause) {
      this.isOver = true;
      if (isFenced(cause)) throw new FencedError('a newer owner has taken the transactional id', { cause });
      throw new TransactionFailedError('transaction failed, outcome unknown', { cause });
    }
  }

  /**
   * The group's next offset to read: of the last transaction that was committed, by this writer or one before it, though the brokers may still
   * be completing it. `undefined` where there is none.
   * @throws Error when the brokers do not tell in time.
   */
  async committedOffset(of: GroupPartition): Promise<number | undefined> {
    const asked = this.ofGroup(of.groupId).ask(async (broker) => {
      const answer = await broker.connectionPool.send(stableOffsetRequest(of));
      if (answer instanceof ProtocolError) throw answer;
      return answer;
    });
    return withTimeout(this.tracked(asked), this.timeoutMs, `asking for the committed offset of ${of.groupId}`);
  }

  /**
   * Aborts what was not committed, so that nobody has to wait for it, and closes the connections. What a commit has left open is for the next
   * owner's initialisation to abort, or for the broker after the transaction's timeout.
   */
  async close(): Promise<void> {
    const canAbort = !this.isOver && this.underWay.size === 0;
    this.isOver = true;
    const sent = this.producer.settled();
    const aborted = canAbort ? sent.then(() => this.abort()) : sent;
    await closeCluster(this.cluster, [...this.underWay, aborted]);
  }

  private async transact(consumed: ConsumedOffset | undefined): Promise<CommitReceipt> {
    const { coordinator, owner, producer } = this;
    // Records and offset do not wait for each other, which saves two round trips of five.
    const offsets =
      consumed && coordinator.ask((broker) => broker.addOffsetsToTxn({ ...owner, groupId: consumed.groupId }));
    const [appendedAt] = await Promise.all([
      producer.flush(),
      offsets?.then(() => this.commitOffset(consumed as ConsumedOffset)),
    ]);
    await coordinator.ask((broker) => broker.endTxn({ ...owner, transactionResult: true }));
    this.joined = new Set();
    return { appendedAt };
  }

  /** A newer owner has aborted it already, and this is refused. */
  private async abort(): Promise<void> {
    if (this.joined.size === 0) return;
    const { coordinator, owner } = this;
    await coordinator.ask((broker) => broker.endTxn({ ...owner, transactionResult: false }));
  }

  private async join(partitions: readonly TopicPartition[]): Promise<void> {
    const topics = new Map<string, number[]>();
    const isNew = ({ topic, partition }: TopicPartition): boolean => !this.joined.has(`${topic} ${partition}`);
    for (const { topic, partition } of partitions.filter(isNew)) {
      this.joined.add(`${topic} ${partition}`);
      const some = topics.get(topic);
      if (some === undefined) topics.set(topic, [partition]);
      else some.push(partition);
    }
    if (topics.size === 0) return;
    const list = [...topics].map(([topic, some]) => ({ topic, partitions: some }));
    await this.coordinator.ask((broker) => broker.addPartitionsToTxn({ ...this.owner, topics: list }));
  }

  private async commitOffset({ groupId, topic, partition, offset }: ConsumedOffset): Promise<void> {
    const topics = [{ topic, partitions: [{ partition, offset: String(offset) }] }];
    await this.ofGroup(groupId).ask((broker) => broker.txnOffsetCommit({ ...this.owner, groupId, topics }));
  }

  private ofGroup(groupId: string): Coordinator {
    return (this.groupCoordinator ??= new Coordinator(this.cluster, groupId, GROUP_COORDINATOR));
  }

  /** Until it has settled the connections stay. */
  private tracked<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work);
    void work.catch(() => undefined).then(() => this.underWay.delete(work));
    return work;
  }
}
