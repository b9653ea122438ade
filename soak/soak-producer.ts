import type { Kafka } from '../infra/kafka/connection/client.js';
import { EventProducer } from '../infra/kafka/produce/event-producer.js';
import { produceSessions } from '../infra/kafka/produce/produce-session.js';
import { createLogger } from '../infra/observability/logger.js';

/** A producer that retries forever: records sent while the broker is unavailable are written when it is back. */
export function soakProducer(kafka: Kafka, topic: string): EventProducer {
  return new EventProducer({
    open: produceSessions(kafka),
    topic,
    name: 'soak',
    logger: createLogger('soak', 'silent'),
    deliveryTimeoutMs: Number.POSITIVE_INFINITY,
  });
}
