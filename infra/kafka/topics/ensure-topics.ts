import type { Admin, Kafka } from 'kafkajs';
import { systemClock } from '../../async/clock.js';
import { untilSettled } from '../connection/until-settled.js';
import type { TopicNames } from '../../../schemas/topics.js';
import { awaitLeaders } from './await-leaders.js';
import { checkTopics } from './check-topics.js';
import { createTopics } from './create-topics.js';
import type { TopicLayout, TopicRole } from './topic-layout.js';
import type { TopicProblem } from './topic-problem.js';

export type EnsureTopicsOptions = TopicLayout & {
  /** Whether missing topics may be created; true unless said otherwise. */
  readonly create?: boolean;
};

export type TopicReport = {
  /** The largest record, and batch of records, that all topics take, in bytes. */
  readonly maxRecordBytes: number;
  /** The largest record that `session.events` takes, in bytes. */
  readonly maxEventBytes: number;
  /** Partitions of `session.events`; `undefined` while it does not exist. */
  readonly partitions: number | undefined;
  /** What an operator should change. Empty when all is well. */
  readonly problems: readonly TopicProblem[];
};

/**
 * Creates missing topics and checks existing ones; never changes those. Safe in several processes at once and on every start.
 * Missing permissions and misfits are in the report, not thrown: what to do about them differs between programs.
 *
 * @throws Error when the brokers cannot be reached: retry.
 */
export async function ensureTopics(
  kafka: Kafka,
  topics: TopicNames,
  options: EnsureTopicsOptions,
): Promise<TopicReport> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = (Object.keys(topics) as TopicRole[]).filter((role) => !existing.has(topics[role]));
    const refused =
      (options.create ?? true)
        ? await createTopics(admin, topics, missing, options)
        : missing.map((role) => notCreated(role, topics[role]));
    const isRefused = new Set(refused.map(({ topic }) => topic));
    const partitions = await countPartitions(
      admin,
      Object.values(topics).filter((topic) => !isRefused.has(topic)),
    );
    await awaitLeaders(
      admin,
      missing.map((role) => topics[role]).filter((topic) => !isRefused.has(topic)),
    );
    const { problems, ...limits } = await checkTopics(admin, topics, partitions);
    return { ...limits, partitions: partitions.get(topics.events), problems: [...refused, ...problems] };
  } finally {
    await admin.disconnect();
  }
}

function notCreated(role: TopicRole, topic: string): TopicProblem {
  const message = `topic ${topic} is missing, and TOPIC_CREATE is false: create it, or grant the ACL Describe on Topic ${topic}`;
  return { role, topic, kind: 'missing', message };
}

async function countPartitions(admin: Admin, topics: string[]): Promise<Map<string, number>> {
  if (topics.length === 0) return new Map();
  // A broker needs a moment to learn of a topic that it has just created.
  const { topics: found } = await untilSettled(() => admin.fetchTopicMetadata({ topics }), systemClock);
  return new Map(found.map(({ name, partitions }) => [name, partitions.length]));
}
