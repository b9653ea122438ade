import type { Admin, ITopicConfig } from 'kafkajs';
import type { TopicNames } from '../../../schemas/topics.js';
import { topicConfig, type TopicLayout, type TopicRole } from './topic-layout.js';
import type { TopicProblem } from './topic-problem.js';

/**
 * Creates topics one by one, so that one which the cluster refuses does not keep the others from existing. Safe in several processes
 * at once.
 *
 * @returns a problem for each topic that the cluster refused to create.
 * @throws Error when the brokers cannot be reached: retry.
 */
export async function createTopics(
  admin: Admin,
  topics: TopicNames,
  roles: readonly TopicRole[],
  layout: TopicLayout,
): Promise<TopicProblem[]> {
  const problems: TopicProblem[] = [];
  for (const role of roles) {
    const refusal = await createTopic(admin, role, topics[role], layout);
    if (refusal !== undefined) problems.push({ role, topic: topics[role], kind: 'missing', message: refusal });
  }
  return problems;
}

/** @returns why the cluster refused; `undefined` when the topic exists now. */
async function createTopic(
  admin: Admin,
  role: TopicRole,
  topic: string,
  layout: TopicLayout,
): Promise<string | undefined> {
  let refusal = await tryToCreate(admin, topicConfig(role, topic, layout));
  // Clusters with a limit of their own refuse ours, but take a topic that does not ask for one.
  if (refusal?.type === 'INVALID_CONFIG' || refusal?.type === 'POLICY_VIOLATION') {
    refusal = await tryToCreate(admin, topicConfig(role, topic, layout, { withoutLimits: true }));
  }
  return (
    refusal && `topic ${topic} is missing and could not be created (${refusal.type}): ${advice(refusal, topic, layout)}`
  );
}

type Refusal = { readonly type: string; readonly message: string };

async function tryToCreate(admin: Admin, config: ITopicConfig): Promise<Refusal | undefined> {
  try {
    // kafkajs fails when it asks for the leaders before the broker knows its new topic: the caller waits instead.
    await admin.createTopics({ topics: [config], waitForLeaders: false });
    return undefined;
  } catch (error) {
    const refusal = (error as { readonly errors?: readonly Refusal[] }).errors?.[0];
    if (refusal === undefined) throw error;
    return refusal;
  }
}

function advice({ type, message }: Refusal, topic: string, { replicationFactor }: TopicLayout): string {
  switch (type) {
    case 'TOPIC_AUTHORIZATION_FAILED':
    case 'CLUSTER_AUTHORIZATION_FAILED':
      return `grant the ACL Create on Topic ${topic}, or create it yourself and set TOPIC_CREATE=false`;
    case 'INVALID_REPLICATION_FACTOR':
      return `the cluster has fewer brokers than ${replicationFactor} replicas need: set TOPIC_REPLICATION_FACTOR`;
    default:
      return `${message}; create it yourself and set TOPIC_CREATE=false`;
  }
}
