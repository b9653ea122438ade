import { randomUUID } from 'node:crypto';
import type { CompressionType } from '../../../infra/kafka/compression/codec.js';
import type { Kafka } from '../../../infra/kafka/connection/client.js';
import type { PartitionReader } from '../../../infra/kafka/consume/partition-reader.js';
import { TransactionalWriter, type ConsumedOffset } from '../../../infra/kafka/transaction/transactional-writer.js';
import type { TopicNames } from '../../../schemas/topics.js';
import type { ChangelogRecord } from '../state/changelog-record.js';
import type { CommitReceipt, OutputRecord, PartitionLog, TaskCommit } from './partition-log.js';

export type KafkaPartitionLogDeps = {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: TopicNames;
  readonly changelogReader: PartitionReader;
  /** Largest batch that all topics accept, in bytes. */
  readonly maxBatchBytes: number;
  /** Default `none`. */
  readonly compression?: CompressionType;
  /** The broker aborts an open transaction after this time, which frees the readers that wait behind it. Default: 30 s. */
  readonly transactionTimeoutMs?: number;
};

const TRANSACTION_TIMEOUT_MS = 30_000;

/** Key of the record that each owner writes when it takes over the partition. A session id is never empty. */
const OWNER_KEY = '';

/** {@link PartitionLog} on a real cluster, with one transactional id for each input partition. */
export class KafkaPartitionLog implements PartitionLog {
  /** Written to the changelog by `fence` and read back by `restore`: everything that earlier owners committed comes before it. */
  private readonly owner = randomUUID();
  private writer: TransactionalWriter | undefined;

  constructor(
    private readonly partition: number,
    private readonly deps: KafkaPartitionLogDeps,
  ) {}

  async fence(): Promise<CommitReceipt> {
    const { kafka, groupId, topics, maxBatchBytes, compression = 'none' } = this.deps;
    const { transactionTimeoutMs = TRANSACTION_TIMEOUT_MS } = this.deps;
    const { events: _input, ...outputs } = topics;
    this.writer = await TransactionalWriter.open(kafka, {
      transactionalId: `${groupId}-${this.partition}`,
      topics: Object.values(outputs),
      transactionTimeoutMs,
      maxBatchBytes,
      compression,
    });
    return this.commit({ changelog: [] });
  }

  async restore(apply: (record: ChangelogRecord, offset: number) => void): Promise<void> {
    await this.deps.changelogReader.read(this.partition, ({ key, value, offset }) => {
      const sessionId = key?.toString() ?? OWNER_KEY;
      if (sessionId === OWNER_KEY) return value?.toString() === this.owner ? 'done' : 'more';
      apply({ sessionId, state: value }, offset);
      return 'more';
    });
  }

  async committedOffset(): Promise<number | undefined> {
    const { groupId, topics } = this.deps;
    return this.fenced().committedOffset({ groupId, topic: topics.events, partition: this.partition });
  }

  append({ topic, key, value, headers }: OutputRecord): void {
    this.fenced().append({ topic, partition: this.partition, key, value, headers });
  }

  async commit({ changelog, nextOffset }: TaskCommit): Promise<CommitReceipt> {
    const writer = this.fenced();
    const { partition } = this;
    const topic = this.deps.topics.changelog;
    for (const { sessionId, state } of changelog) writer.append({ topic, partition, key: sessionId, value: state });
    // A transaction without records gets the owner's record, so that its receipt shows the broker's clock.
    if (writer.isEmpty) writer.append({ topic, partition, key: OWNER_KEY, value: Buffer.from(this.owner) });
    return writer.commit(this.consumed(nextOffset));
  }

  async close(): Promise<void> {
    await this.writer?.close();
  }

  private fenced(): TransactionalWriter {
    if (this.writer === undefined) throw new Error(`partition ${this.partition} was used before it was fenced`);
    return this.writer;
  }

  private consumed(nextOffset: number | undefined): ConsumedOffset | undefined {
    if (nextOffset === undefined) return undefined;
    const { groupId, topics } = this.deps;
    return { groupId, topic: topics.events, partition: this.partition, offset: nextOffset };
  }
}
