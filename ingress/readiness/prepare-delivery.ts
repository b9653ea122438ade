import { join } from 'node:path';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import type { Logger } from '../../infra/observability/logger.js';
import { topicsPrerequisite } from '../../infra/program/prepare-kafka.js';
import { SchemaRegistryClient } from '../../infra/schema-registry/client.js';
import { SavedSchemaIds } from '../../infra/schema-registry/saved-schema-ids.js';
import type { CommonSettings } from '../../infra/settings/common.js';
import { subjects, type TopicNames } from '../../schemas/topics.js';
import { eventSchema } from './event-schema.js';
import type { SpooledSink } from '../delivery/spooled-sink.js';

export type DeliveryPreparationDeps = {
  readonly settings: CommonSettings;
  readonly kafka: Kafka;
  readonly topics: TopicNames;
  readonly spoolRoot: string;
  readonly logger: Logger;
  readonly sink: Pick<SpooledSink, 'useSchema' | 'limitRecords' | 'kafkaFault' | 'spoolFault'>;
};

/** What is missing of each dependency; `undefined` where nothing is. */
export type DependencyFaults = Readonly<Record<'kafka' | 'topics' | 'schemas' | 'spool', string | undefined>>;

export type DeliveryPreparation = {
  readonly start: () => void;
  readonly stop: () => void;
  readonly faults: () => DependencyFaults;
};

/**
 * Sees to the topics and the schema id that events need, for as long as it takes. Neither keeps the ingress from accepting events:
 * until they are there, the spool takes them.
 */
export function prepareDelivery(deps: DeliveryPreparationDeps): DeliveryPreparation {
  const { settings, topics, spoolRoot, logger, sink } = deps;
  const topicsReady = topicsPrerequisite(deps, ['events', 'deadLetter']);
  const schemaReady = eventSchema({
    subject: subjects(topics).events,
    registry: new SchemaRegistryClient(settings),
    saved: new SavedSchemaIds(join(spoolRoot, 'schema-ids.json'), settings.SCHEMA_REGISTRY_URL),
    logger,
    onId: (id) => sink.useSchema(id),
  });
  return {
    start: () => {
      void topicsReady.obtain().then((report) => report && sink.limitRecords(report.maxEventBytes));
      void schemaReady.obtain();
    },
    stop: () => {
      topicsReady.stop();
      schemaReady.stop();
    },
    faults: () => ({
      kafka: sink.kafkaFault(),
      topics: topicsReady.fault,
      schemas: schemaReady.fault,
      spool: sink.spoolFault(),
    }),
  };
}
