import { setTimeout as delay } from 'node:timers/promises';
import type { TopicNames } from '../../../schemas/topics.js';
import type { Logger } from '../../observability/logger.js';
import type { Kafka } from '../connection/client.js';
import { TopicMismatchError } from './errors.js';
import { ensureTopics, type TopicLayout } from './ensure-topics.js';

const RETRY_MS = 1_000;

/**
 * {@link ensureTopics}, waiting for the brokers as long as it takes: programs and brokers are often started together.
 * @returns what {@link ensureTopics} does.
 * @throws TopicMismatchError when an existing topic does not fit.
 */
export async function prepareTopics(
  kafka: Kafka,
  topics: TopicNames,
  layout: TopicLayout,
  logger: Logger,
): Promise<number> {
  for (;;) {
    try {
      return await ensureTopics(kafka, topics, layout);
    } catch (error) {
      if (error instanceof TopicMismatchError) throw error;
      logger.warn({ err: error }, 'Kafka is not ready, trying again');
      await delay(RETRY_MS);
    }
  }
}
