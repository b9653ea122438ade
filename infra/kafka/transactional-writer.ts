import { Partitioners, type Kafka, type Producer } from 'kafkajs';
import { FencedError, isFenced, TransactionFailedError } from './errors.js';
import { chunkByBytes } from './chunk-by-bytes.js';

/** A record to write to one partition. A `null` value is a tombstone. */
export type PartitionRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
};

/** The input position that becomes the group's committed offset together with the records: the next offset to read. */
export type ConsumedOffset = {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
};

/** When the leader appended the records, by its own clock (ms); `undefined` where the topics do not use LogAppendTime. */
export type CommitReceipt = { readonly appendedAt: number | undefined };

/** One produce request stays well below the broker's request limit (socket.request.max.bytes, 100 MiB) and a batch below the topic's. */
const REQUEST_BYTES = 4 * 1024 * 1024;

/**
 * A transactional producer that owns its transactional id while no newer one with the same id has been opened.
 *
 * Made for one task: one commit at a time, and after any error it is finished. kafkajs can be left wedged by an error inside a
 * transaction, and a delayed EndTxn could end the next one (KAFKA-17754), so there is no retry here.
 */
export class TransactionalWriter {
  private constructor(private readonly producer: Producer) {}

  /**
   * Initialises the transactional id: every earlier writer with it is fenced, and its open transaction is aborted, before this resolves.
   */
  static async open(kafka: Kafka, transactionalId: string, transactionTimeoutMs: number): Promise<TransactionalWriter> {
    const producer = kafka.producer({
      transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: transactionTimeoutMs,
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 20, maxRetryTime: 1_000, retries: 10 },
    });
    await producer.connect();
    return new TransactionalWriter(producer);
  }

  /**
   * Writes records and the consumed offset in one transaction: all become visible, or none.
   *
   * @throws FencedError when a newer owner has the id: drop the task.
   * @throws TransactionFailedError for anything else: the outcome is unknown; close this writer and open a new one.
   */
  async commit(records: readonly PartitionRecord[], consumed?: ConsumedOffset): Promise<CommitReceipt> {
    try {
      const transaction = await this.producer.transaction();
      let appendedAt: number | undefined;
      for (const chunk of chunkByBytes(records, REQUEST_BYTES)) {
        const metadata = await transaction.sendBatch({ acks: -1, topicMessages: byTopic(chunk) });
        for (const { logAppendTime } of metadata) {
          const time = Number(logAppendTime ?? -1);
          if (time > 0) appendedAt = Math.max(appendedAt ?? 0, time);
        }
      }
      if (consumed !== undefined) {
        const { groupId, topic, partition, offset } = consumed;
        await transaction.sendOffsets({
          consumerGroupId: groupId,
          topics: [{ topic, partitions: [{ partition, offset: String(offset) }] }],
        });
      }
      await transaction.commit();
      return { appendedAt };
    } catch (cause) {
      if (isFenced(cause)) throw new FencedError('a newer owner has taken the transactional id', { cause });
      throw new TransactionFailedError('transaction failed, outcome unknown', { cause });
    }
  }

  /** Closes the connection. An open transaction is left to the next owner's initialisation, which aborts it. */
  async close(): Promise<void> {
    await this.producer.disconnect();
  }
}

function byTopic(records: readonly PartitionRecord[]) {
  const topics = new Map<
    string,
    { partition: number; key: string | null; value: Buffer | null; headers?: Record<string, string | Buffer> }[]
  >();
  for (const { topic, partition, key, value, headers } of records) {
    const messages = topics.get(topic) ?? [];
    if (messages.length === 0) topics.set(topic, messages);
    messages.push({ partition, key, value, ...(headers && { headers: { ...headers } }) });
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}
