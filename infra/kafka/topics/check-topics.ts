import kafkajs, { type Admin } from 'kafkajs';
import type { TopicNames } from '../../../schemas/topics.js';
import { MAX_RECORD_BYTES, requiredConfig, type TopicRole } from './topic-layout.js';
import { isAuthorizationFailure, type TopicProblem } from './topic-problem.js';

export type TopicCheck = {
  /** The largest record that all topics take, in bytes. */
  readonly maxRecordBytes: number;
  /** The largest record that `session.events` takes, in bytes. */
  readonly maxEventBytes: number;
  readonly problems: readonly TopicProblem[];
};

/**
 * Compares existing topics with what the join needs. What we may not see is reported once as `unchecked` and otherwise assumed to fit.
 *
 * @param partitions partition counts of the topics that exist.
 * @returns limits of at most {@link MAX_RECORD_BYTES}.
 */
export async function checkTopics(
  admin: Admin,
  topics: TopicNames,
  partitions: ReadonlyMap<string, number>,
): Promise<TopicCheck> {
  const problems: TopicProblem[] = [];
  const limits = new Map<TopicRole, number>();
  const expected = partitions.get(topics.events);
  for (const role of Object.keys(topics) as TopicRole[]) {
    const topic = topics[role];
    const count = partitions.get(topic);
    if (count === undefined) continue;
    if (count !== expected && expected !== undefined) {
      problems.push({
        role,
        topic,
        kind: 'unfit',
        message:
          `topic ${topic} has ${count} partitions, but ${topics.events} has ${expected}: all topics of one TOPIC_PREFIX must have ` +
          'the same number; use another TOPIC_PREFIX or recreate the topic',
      });
    }
    const config = await describe(admin, topic);
    if (config === undefined) {
      const message = `settings of topic ${topic} were not checked: grant the ACL DescribeConfigs on Topic ${topic}`;
      problems.push({ role, topic, kind: 'unchecked', message });
      continue;
    }
    for (const [name, value] of Object.entries(requiredConfig(role))) {
      const actual = config.get(name);
      if (actual === value) continue;
      const message = `topic ${topic} has ${name}=${String(actual)}: set it to ${value}, the join counts its timers in log time`;
      problems.push({ role, topic, kind: 'unfit', message });
    }
    limits.set(role, Math.min(MAX_RECORD_BYTES, Number(config.get('max.message.bytes') ?? MAX_RECORD_BYTES)));
  }
  return {
    maxRecordBytes: Math.min(MAX_RECORD_BYTES, ...limits.values()),
    maxEventBytes: limits.get('events') ?? MAX_RECORD_BYTES,
    problems,
  };
}

/** A topic's settings; `undefined` when we are not allowed to see them. @throws Error when the brokers cannot be reached. */
async function describe(admin: Admin, name: string): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      // Node does not see this name among the module's exports.
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }],
    });
    return new Map(
      resources.flatMap(({ configEntries }) =>
        configEntries.map(({ configName, configValue }) => [configName, configValue] as const),
      ),
    );
  } catch (error) {
    if (isAuthorizationFailure(error)) return undefined;
    throw error;
  }
}
