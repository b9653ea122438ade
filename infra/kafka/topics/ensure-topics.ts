import kafkajs, { type Admin, type ITopicConfig, type Kafka } from 'kafkajs';
import type { TopicNames } from '../../../schemas/topics.js';
import { awaitLeaders } from './await-leaders.js';
import { TopicMismatchError } from './errors.js';

/**
 * Largest record that a topic of our making takes, in bytes. Bodies that the ingress accepts must stay below it; where an operator has made the
 * topics, they may take less.
 */
export const MAX_RECORD_BYTES = 8 * 1024 * 1024;

/** For the headers that a dead letter has beside the bytes of the record that it was. */
const DEAD_LETTER_HEADROOM_BYTES = 64 * 1024;

export type TopicLayout = { readonly partitions: number; readonly replicationFactor: number };

/**
 * Creates what is missing of the topics; safe to call by several processes at once and on every start.
 * Topics that exist are not changed.
 *
 * @returns the largest record, and batch of records, that all of them take, in bytes; no more than {@link MAX_RECORD_BYTES}.
 * @throws TopicMismatchError when an existing topic does not fit: outputs and changelog must have as many partitions as
 *   `session.events` (output partition = input partition), and events and changelog must carry LogAppendTime (the join's clock).
 */
export async function ensureTopics(kafka: Kafka, topics: TopicNames, layout: TopicLayout): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = topicConfigs(topics, layout).filter(({ topic }) => !existing.has(topic));
    if (missing.length > 0) {
      await admin.createTopics({ topics: missing });
      await awaitLeaders(
        admin,
        missing.map(({ topic }) => topic),
      );
    }
    await verifyPartitions(admin, topics);
    return await verifyConfigs(admin, topics);
  } finally {
    await admin.disconnect();
  }
}

function topicConfigs(topics: TopicNames, layout: TopicLayout): ITopicConfig[] {
  const base = {
    'max.message.bytes': String(MAX_RECORD_BYTES),
    ...(layout.replicationFactor >= 3 && { 'min.insync.replicas': '2' }),
  };
  const extra: Record<keyof TopicNames, Record<string, string>> = {
    events: { 'message.timestamp.type': 'LogAppendTime' },
    // A dead letter is a record as it came, and says why beside: it is larger than what any other topic took.
    deadLetter: {
      'message.timestamp.type': 'LogAppendTime',
      'max.message.bytes': String(MAX_RECORD_BYTES + DEAD_LETTER_HEADROOM_BYTES),
    },
    complete: {},
    amended: {},
    incomplete: {},
    // Small segments let compaction follow the live sessions; LogAppendTime shows the task the broker's clock.
    changelog: {
      'cleanup.policy': 'compact',
      'message.timestamp.type': 'LogAppendTime',
      'segment.bytes': String(64 * 1024 * 1024),
      'min.cleanable.dirty.ratio': '0.1',
    },
  };
  return (Object.keys(extra) as (keyof TopicNames)[]).map((role) => ({
    topic: topics[role],
    numPartitions: layout.partitions,
    replicationFactor: layout.replicationFactor,
    configEntries: Object.entries({ ...base, ...extra[role] }).map(([name, value]) => ({ name, value })),
  }));
}

async function verifyPartitions(admin: Admin, topics: TopicNames): Promise<void> {
  const { topics: found } = await admin.fetchTopicMetadata({ topics: Object.values(topics) });
  const partitions = new Map(found.map((topic) => [topic.name, topic.partitions.length]));
  const expected = partitions.get(topics.events);
  for (const [name, count] of partitions) {
    if (count !== expected) {
      throw new TopicMismatchError(
        `topic ${name} has ${count} partitions, but ${topics.events} has ${String(expected)}: all topics of one TOPIC_PREFIX ` +
          'must have the same number; use another TOPIC_PREFIX or recreate the topic',
      );
    }
  }
}

async function verifyConfigs(admin: Admin, topics: TopicNames): Promise<number> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: Object.values(topics).map((name) => ({
      // Node does not see this name among the module's exports.
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: ['message.timestamp.type', 'max.message.bytes'],
    })),
  });
  let maxRecordBytes = MAX_RECORD_BYTES;
  for (const { resourceName, configEntries } of resources) {
    const config = new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]));
    const timestampType = config.get('message.timestamp.type');
    const isClock = resourceName === topics.events || resourceName === topics.changelog;
    if (isClock && timestampType !== 'LogAppendTime') {
      throw new TopicMismatchError(
        `topic ${resourceName} has message.timestamp.type=${String(timestampType)}: set it to LogAppendTime, the join counts its timers in log time`,
      );
    }
    maxRecordBytes = Math.min(maxRecordBytes, Number(config.get('max.message.bytes') ?? MAX_RECORD_BYTES));
  }
  return maxRecordBytes;
}
