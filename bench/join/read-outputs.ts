import { randomUUID } from 'node:crypto';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import type { InputRecord } from '../../infra/kafka/consume/group-consumer.js';
import type { OffsetReader } from '../../infra/kafka/consume/offset-reader.js';
import { PartitionReader } from '../../infra/kafka/consume/partition-reader.js';
import { topicNames } from '../../schemas/topics.js';
import type { Backlog } from './backlog.js';
import { OutputCheck, type OutputFaults } from './output-check.js';

/** Contents of a contender's output topics. Times are the broker's (LogAppendTime), in ms; NaN where there is no record. */
export type Outputs = { readonly faults: OutputFaults; readonly firstAt: number; readonly lastAt: number };

/** Reads all committed output below a prefix and checks it. The contender must have stopped. */
export async function readOutputs(
  kafka: Kafka,
  offsets: OffsetReader,
  prefix: string,
  backlog: Backlog,
  schemaId: number,
): Promise<Outputs> {
  const { complete, amended, incomplete, deadLetter } = topicNames(prefix);
  const check = new OutputCheck(backlog, schemaId);
  let [firstAt, lastAt] = [NaN, NaN];
  await readAll(kafka, offsets, complete, ({ key, value, timestamp }) => {
    check.completeRecord(key?.toString() ?? '', value);
    firstAt = timestamp >= firstAt ? firstAt : timestamp;
    lastAt = timestamp <= lastAt ? lastAt : timestamp;
  });
  for (const topic of [amended, incomplete, deadLetter]) {
    await readAll(kafka, offsets, topic, () => check.unexpectedRecord());
  }
  return { faults: check.faults(), firstAt, lastAt };
}

async function readAll(
  kafka: Kafka,
  offsets: OffsetReader,
  topic: string,
  onRecord: (record: InputRecord) => void,
): Promise<void> {
  const bounds = await offsets.bounds(topic);
  const partitions = [...bounds].filter(([, { low, end }]) => low < end).map(([partition]) => partition);
  if (partitions.length === 0) return;
  const endKey = randomUUID();
  await markEnds(kafka, topic, partitions, endKey);
  const reader = new PartitionReader(kafka, topic);
  try {
    for (const partition of partitions) {
      await reader.read(partition, (record) => {
        if (record.key?.toString() === endKey) return 'done';
        onRecord(record);
        return 'more';
      });
    }
  } finally {
    reader.stop();
  }
}

/** Appends a last record to each partition, as the end offset of a topic with transactions is not that of a record. */
async function markEnds(kafka: Kafka, topic: string, partitions: readonly number[], key: string): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  try {
    await producer.send({ topic, messages: partitions.map((partition) => ({ partition, key, value: key })) });
  } finally {
    await producer.disconnect();
  }
}
