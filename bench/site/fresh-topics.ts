import type { Kafka } from '../../infra/kafka/connection/client.js';
import { ensureTopics } from '../../infra/kafka/topics/ensure-topics.js';
import { MAX_RECORD_BYTES } from '../../infra/kafka/topics/topic-layout.js';
import { topicNames } from '../../schemas/topics.js';

/** Partitions of the topics, the default of `TOPIC_PARTITIONS`. */
export const PARTITIONS = 6;

/**
 * Recreates all topics of a prefix except the input, which is created only if it is missing. The outputs carry LogAppendTime, so the
 * broker records when each record was written.
 */
export async function freshTopics(kafka: Kafka, prefix: string, partitions = PARTITIONS): Promise<void> {
  const { events, ...written } = topicNames(prefix);
  await deleteTopics(kafka, prefix, [events]);
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({
      // kafkajs would fail if it asked for the leaders before the broker knows its new topics.
      waitForLeaders: false,
      topics: [written.complete, written.amended, written.incomplete].map((topic) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: 1,
        configEntries: [
          { name: 'message.timestamp.type', value: 'LogAppendTime' },
          // The same as the programs set: a batch of joined records may exceed Kafka's default of 1 MiB.
          { name: 'max.message.bytes', value: String(MAX_RECORD_BYTES) },
        ],
      })),
    });
  } finally {
    await admin.disconnect();
  }
  await ensureTopics(kafka, topicNames(prefix), { partitions, replicationFactor: 1 });
}

/** Creates plain topics for peers, with as many partitions as ours. */
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

/** Deletes the topics whose names start with `prefix`, except those to keep. */
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
