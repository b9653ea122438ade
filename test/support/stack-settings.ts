import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { createKafka, type Kafka } from '../../infra/kafka/connection/client.js';
import { commonFaults, commonSpecs, type CommonSettings } from '../../infra/settings/common.js';
import { readSettings } from '../../infra/settings/read-settings.js';
import { topicNames, type TopicNames } from '../../schemas/topics.js';

export const silent = pino({ level: 'silent' });

/** The stack's endpoints, as the global setup put them into the environment, with a topic prefix of this suite's own. */
export function suiteEnv(suite: string): Record<string, string> {
  const names = ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'S3_ENDPOINT', 'S3_ACCESS_KEY', 'S3_SECRET_KEY', 'S3_REGION'];
  const endpoints = Object.fromEntries(names.map((name) => [name, process.env[name] ?? '']));
  return { ...endpoints, TOPIC_PREFIX: `${suite}-${randomBytes(4).toString('hex')}.`, TOPIC_PARTITIONS: '2' };
}

export type SuiteKafka = { readonly kafka: Kafka; readonly topics: TopicNames; readonly settings: CommonSettings };

export function suiteKafka(env: Record<string, string>): SuiteKafka {
  const settings = readSettings(env, commonSpecs, commonFaults);
  return { settings, kafka: createKafka(settings, 'test', silent), topics: topicNames(settings.TOPIC_PREFIX) };
}
