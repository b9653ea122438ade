import type { Kafka } from '../../infra/kafka/connection/client.js';
import { prepareTopics } from '../../infra/kafka/topics/prepare-topics.js';
import { MAX_RECORD_BYTES } from '../../infra/kafka/topics/ensure-topics.js';
import { createLogger } from '../../infra/observability/logger.js';
import { topicNames } from '../../schemas/topics.js';

/** As the contract's default: the work of a join is divided by it. */
export const PARTITIONS = 6;

/**
 * Deletes all but the input of a prefix's topics and creates them anew, the input too if it is not there. The outputs carry
 * LogAppendTime, so that the broker says when each record was written and nobody has to watch meanwhile.
 */
export async function freshTopics(kafka: Kafka, prefix: string, partitions = PARTITIONS): Promise<void> {
  const { events, ...written } = topicNames(prefix);
  await deleteTopics(kafka, prefix, [events]);
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({
      // Another question may come before the broker knows of its new topic, and kafkajs takes the answer for a failure.
      waitForLeaders: false,
      topics: [written.complete, written.amended, written.incomplete].map((topic) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: 1,
        configEntries: [
          { name: 'message.timestamp.type', value: 'LogAppendTime' },
          // As the programs' own topics have it: a batch of joined records may be larger than Kafka's default of 1 MiB.
          { name: 'max.message.bytes', value: String(MAX_RECORD_BYTES) },
        ],
      })),
    });
  } finally {
    await admin.disconnect();
  }
  await prepareTopics(kafka, topicNames(prefix), { partitions, replicationFactor: 1 }, createLogger('bench', 'silent'));
}

/** Plain topics for peers, with as many partitions as ours. */
export async function createTopics(kafka: Kafka, names: readonly string[]): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const topics = names.map((topic) => ({ topic, numPartitions: PARTITIONS, replicationFactor: 1 }));
    await admin.createTopics({ topics, waitForLeaders: true });
  } finally {
    await admin.disconnect();
  }
}

/** Deletes the topics whose names begin with `prefix`, but those to keep. */
export async function deleteTopics(kafka: Kafka, prefix: string, keep: readonly string[] = []): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(prefix) && !keep.includes(name));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}
