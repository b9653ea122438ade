import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from '../../infra/kafka/client.js';
import { prepareTopics } from '../../infra/kafka/prepare-topics.js';
import type { Logger } from '../../infra/observability/logger.js';
import { RegistryUnavailableError, SchemaRegistryClient, type SubjectIds } from '../../infra/schema-registry/client.js';
import { replicationFactor, type CommonSettings } from '../../infra/settings/common.js';
import { subjects, type TopicNames } from '../../schemas/topics.js';

const RETRY_MS = 1_000;

/**
 * Sees to it that topics and subjects are there, waiting for Kafka and the registry as long as it takes.
 *
 * @throws TopicMismatchError or SchemaMismatchError when they are there but do not fit: an operator must act, so end the program.
 */
export async function prepareKafka(
  settings: CommonSettings,
  kafka: Kafka,
  topics: TopicNames,
  logger: Logger,
): Promise<SubjectIds> {
  const layout = { partitions: settings.TOPIC_PARTITIONS, replicationFactor: replicationFactor(settings) };
  await prepareTopics(kafka, topics, layout, logger);
  const registry = new SchemaRegistryClient(settings, logger);
  for (;;) {
    try {
      return await registry.registerSubjects(subjects(topics));
    } catch (error) {
      if (!(error instanceof RegistryUnavailableError)) throw error;
      logger.warn({ err: error }, 'the schema registry is not ready, trying again');
      await delay(RETRY_MS);
    }
  }
}
