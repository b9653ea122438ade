import type { Kafka } from 'kafkajs';
import { systemClock, type Clock } from '../../async/clock.js';
import { withTimeout } from '../../async/timeout.js';
import type { CompressionType } from '../compression/codec.js';
import { compressor } from '../compression/codecs.js';
import { closeCluster, openCluster, type Cluster } from '../connection/cluster.js';
import { stableOffsetRequest, type GroupPartition } from '../protocol/offset-fetch-request.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import { FencedError, isFenced, TransactionFailedError } from './errors.js';
import { TransactionCoordinator, type ConsumedOffset } from './transaction-coordinator.js';
import { TransactionProducer } from './transaction-producer.js';

export type { ConsumedOffset } from './transaction-coordinator.js';

/** The leader's clock when it appended the records (ms); `undefined` where the topics do not use LogAppendTime. */
export type CommitReceipt = { readonly appendedAt: number | undefined };

export type TransactionalWriterOptions = {
  readonly transactionalId: string;
  /** Every topic that may be written to. */
  readonly topics: readonly string[];
  /** The broker aborts a transaction that stays open for longer. A commit that takes longer fails. */
  readonly transactionTimeoutMs: number;
  /** Largest batch that all topics accept (`max.message.bytes`). */
  readonly maxBatchBytes: number;
  /** How batches are compressed. Default `none`. */
  readonly compression?: CompressionType;
  readonly clock?: Clock;
};

/**
 * A transactional producer that owns its transactional id until a newer one with the same id is opened.
 *
 * Made for one task: one commit at a time, and after any error it is finished. It repeats a request only where a broker has said that it
 * did nothing yet: a delayed EndTxn could end the next transaction (KAFKA-17754), and only the log knows whether the last one was committed.
 */
export class TransactionalWriter {
  /**
   * Makes a record part of the next {@link commit}. Encodes it at once and keeps nothing of it. Large amounts are sent before the commit,
   * which reports their failures.
   */
  readonly append: TransactionProducer['append'];
  private isOver = false;
  private readonly inFlight = new Set<Promise<unknown>>();
  private readonly producer: TransactionProducer;

  private constructor(
    private readonly cluster: Cluster,
    private readonly coordinator: TransactionCoordinator,
    private readonly options: Required<TransactionalWriterOptions>,
  ) {
    const { compression, ...others } = options;
    this.producer = new TransactionProducer(cluster, coordinator, { ...others, compressor: compressor(compression) });
    this.append = this.producer.append;
  }

  /**
   * Initialises the transactional id: every earlier writer with it is fenced, and its open transaction aborted, before this resolves.
   * @throws Error when that was not possible in time: wait a little and open again.
   */
  static async open(kafka: Kafka, options: TransactionalWriterOptions): Promise<TransactionalWriter> {
    const all = { clock: systemClock, compression: 'none' as const, ...options };
    const { transactionalId, topics, transactionTimeoutMs, clock } = all;
    const doing = `initialising the transactional id ${transactionalId}`;
    const use = async (cluster: Cluster): Promise<TransactionalWriter> => {
      await cluster.addMultipleTargetTopics(topics);
      const coordinator = await TransactionCoordinator.open(cluster, transactionalId, transactionTimeoutMs, clock);
      return new TransactionalWriter(cluster, coordinator, all);
    };
    return openCluster(kafka, { timeoutMs: transactionTimeoutMs, doing, clock }, use);
  }

  /** Whether nothing was appended since the last commit. */
  get isEmpty(): boolean {
    return this.producer.isEmpty;
  }

  /**
   * Writes the appended records and the consumed offset in one transaction: all of it becomes visible, or nothing.
   *
   * @throws FencedError when a newer owner has the transactional id: drop the task.
   * @throws TransactionFailedError for anything else: the outcome is unknown; close this writer and open a new one.
   */
  async commit(consumed?: ConsumedOffset): Promise<CommitReceipt> {
    const { transactionalId, transactionTimeoutMs, clock } = this.options;
    const what = `transaction of ${transactionalId}${consumed === undefined ? '' : ` up to ${describe(consumed)}`}`;
    if (this.isOver) throw new TransactionFailedError(`${what}: the writer is finished after an earlier failure`);
    try {
      return await withTimeout(this.track(this.transact(consumed)), transactionTimeoutMs, what, clock);
    } catch (cause) {
      this.isOver = true;
      if (isFenced(cause)) throw new FencedError(`${what}: fenced by a newer owner of the transactional id`, { cause });
      throw new TransactionFailedError(`${what} failed, outcome unknown`, { cause });
    }
  }

  /**
   * The group's next offset to read according to the last committed transaction of this writer or an earlier one, even while the brokers
   * still complete it. `undefined` where there is none.
   * @throws Error when the brokers do not answer in time.
   */
  async committedOffset(of: GroupPartition): Promise<number | undefined> {
    const asked = this.coordinator.ofGroup(of.groupId).ask(async (broker) => {
      const answer = await broker.connectionPool.send(stableOffsetRequest(of));
      if (answer instanceof ProtocolError) throw answer;
      return answer;
    });
    const { transactionTimeoutMs, clock } = this.options;
    const what = `reading the committed offset of group ${of.groupId}, ${of.topic}, partition ${of.partition}`;
    return withTimeout(this.track(asked), transactionTimeoutMs, what, clock);
  }

  /**
   * Aborts what was not committed, so that nobody has to wait for it, and closes the connections. A transaction that a commit has left
   * open is aborted by the next owner's initialisation, or by the broker after the transaction timeout.
   */
  async close(): Promise<void> {
    const canAbort = !this.isOver && this.inFlight.size === 0;
    this.isOver = true;
    const sent = this.producer.settled();
    const aborted = canAbort ? sent.then(() => this.coordinator.abort()) : sent;
    await closeCluster(this.cluster, [...this.inFlight, aborted]);
  }

  private async transact(consumed: ConsumedOffset | undefined): Promise<CommitReceipt> {
    // Sending records and offset at the same time saves two round trips of five.
    const [appendedAt] = await Promise.all([this.producer.flush(), consumed && this.coordinator.addOffset(consumed)]);
    await this.coordinator.commit();
    return { appendedAt };
  }

  /** Keeps the connections open until the work has settled. */
  private track<T>(work: Promise<T>): Promise<T> {
    this.inFlight.add(work);
    void work.catch(() => undefined).then(() => this.inFlight.delete(work));
    return work;
  }
}

function describe({ topic, partition, offset }: ConsumedOffset): string {
  return `${topic}, partition ${partition}, offset ${offset}`;
}
