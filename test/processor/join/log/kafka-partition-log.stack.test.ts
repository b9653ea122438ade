import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { PartitionReader } from '../../../../infra/kafka/consume/partition-reader.js';
import { ensureTopics } from '../../../../infra/kafka/topics/ensure-topics.js';
import { MAX_RECORD_BYTES } from '../../../../infra/kafka/topics/topic-layout.js';
import { KafkaPartitionLog } from '../../../../processor/join/log/kafka-partition-log.js';
import { suiteEnv, suiteKafka } from '../../../support/stack-settings.js';
import { partitionLogContract } from './partition-log.contract.js';

const PARTITIONS = 24;
const END = 'the end of the test';
/** Longer than any test: a transaction that is left open shows as a reader that never ends. */
const TRANSACTION_TIMEOUT_MS = 900_000;
const { kafka, topics } = suiteKafka(suiteEnv('partition-log'));
const groupId = `partition-log-${randomUUID()}`;
const changelogReader = new PartitionReader(kafka, topics.changelog);
const outputReader = new PartitionReader(kafka, topics.complete);
const producer = kafka.producer();
let used = 0;

beforeAll(async () => {
  await ensureTopics(kafka, topics, { partitions: PARTITIONS, replicationFactor: 1 });
  await producer.connect();
});

afterAll(async () => {
  await producer.disconnect();
});

partitionLogContract('Kafka', () => {
  const partition = used++ % PARTITIONS;
  return Promise.resolve({
    dieInside: async ({ outputs, changelog, nextOffset = 0 }) => {
      const dying = kafka.producer({ transactionalId: `${groupId}-${partition}`, maxInFlightRequests: 1 });
      await dying.connect();
      const transaction = await dying.transaction();
      for (const { topic, key, value } of outputs) {
        await transaction.send({ topic, messages: [{ partition, key, value }] });
      }
      for (const { sessionId, state } of changelog) {
        await transaction.send({ topic: topics.changelog, messages: [{ partition, key: sessionId, value: state }] });
      }
      const partitions = [{ partition, offset: String(nextOffset) }];
      await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic: topics.events, partitions }] });
      await dying.disconnect();
    },
    open: () =>
      new KafkaPartitionLog(partition, {
        kafka,
        groupId,
        topics,
        changelogReader,
        maxBatchBytes: MAX_RECORD_BYTES,
        transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
      }),
    outputTopic: topics.complete,
    outputs: async () => {
      const end = randomUUID();
      await producer.send({ topic: topics.complete, messages: [{ partition, key: END, value: end }] });
      const seen: { key: string | null; value: string }[] = [];
      await outputReader.read(partition, ({ key, value }) => {
        if (value?.toString() === end) return 'done';
        if (key?.toString() !== END) seen.push({ key: key?.toString() ?? null, value: value?.toString() ?? '' });
        return 'more';
      });
      return seen;
    },
    brokerNow: () => Date.now(),
  });
});
