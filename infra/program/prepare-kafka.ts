import { setTimeout as delay } from 'node:timers/promises';
import { subjects, type TopicNames } from '../../schemas/topics.js';
import type { Kafka } from '../kafka/connection/client.js';
import { prepareTopics } from '../kafka/topics/prepare-topics.js';
import type { Logger } from '../observability/logger.js';
import { RegistryUnavailableError, type SchemaRegistryClient, type SubjectIds } from '../schema-registry/client.js';
import { replicationFactor, type CommonSettings } from '../settings/common.js';

const RETRY_MS = 1_000;

export type PreparedKafka = {
  readonly subjectIds: SubjectIds;
  /** The largest record, and batch of records, that all topics take, in bytes. */
  readonly maxRecordBytes: number;
};

export type PrepareOptions = {
  readonly settings: CommonSettings;
  readonly kafka: Kafka;
  readonly topics: TopicNames;
  readonly registry: SchemaRegistryClient;
  readonly logger: Logger;
  /** `wait`: for a program that has something to do meanwhile. `give-up`: throws after about half a minute. */
  readonly whileRegistryIsAway: 'wait' | 'give-up';
};

/**
 * Sees to it that topics and subjects are there. It waits for Kafka as long as it takes, for the registry as the caller chose.
 *
 * @throws TopicMismatchError or SchemaMismatchError when they are there but do not fit: an operator must act, so end the program.
 * @throws RegistryUnavailableError when the registry is away and the caller did not choose to wait.
 */
export async function prepareKafka(options: PrepareOptions): Promise<PreparedKafka> {
  const { settings, kafka, topics, registry, logger, whileRegistryIsAway } = options;
  const layout = { partitions: settings.TOPIC_PARTITIONS, replicationFactor: replicationFactor(settings) };
  const maxRecordBytes = await prepareTopics(kafka, topics, layout, logger);
  for (;;) {
    try {
      return { subjectIds: await registry.registerSubjects(subjects(topics)), maxRecordBytes };
    } catch (error) {
      if (whileRegistryIsAway === 'give-up' || !(error instanceof RegistryUnavailableError)) throw error;
      logger.warn({ err: error }, 'the schema registry is not ready, trying again');
      await delay(RETRY_MS);
    }
  }
}
