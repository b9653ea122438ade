import type { Clock } from '../async/clock.js';
import { subjects, type TopicNames } from '../../schemas/topics.js';
import type { Kafka } from '../kafka/connection/client.js';
import { ensureTopics, type TopicReport } from '../kafka/topics/ensure-topics.js';
import type { TopicRole } from '../kafka/topics/topic-layout.js';
import { TopicsUnfitError } from '../kafka/topics/topic-problem.js';
import type { Logger } from '../observability/logger.js';
import type { SchemaRegistryClient, SubjectIds } from '../schema-registry/client.js';
import { replicationFactor, type CommonSettings } from '../settings/common.js';
import { Prerequisite } from './prerequisite.js';

export type PrepareDeps = {
  readonly settings: CommonSettings;
  readonly kafka: Kafka;
  readonly topics: TopicNames;
  readonly logger: Logger;
  /** Default: one whose timers do not keep the process alive. */
  readonly clock?: Clock;
};

/**
 * The topics, created where they are missing and allowed to be. Retries until those of `roles` exist and fit.
 * A topic whose settings we may not see is used as it is, with one warning that names the missing ACL.
 */
export function topicsPrerequisite(deps: PrepareDeps, roles: readonly TopicRole[]): Prerequisite<TopicReport> {
  const { settings, kafka, topics, logger, clock } = deps;
  return new Prerequisite({
    name: 'topics',
    logger,
    ...(clock && { clock }),
    attempt: async () => {
      const report = await ensureTopics(kafka, topics, {
        partitions: settings.TOPIC_PARTITIONS,
        replicationFactor: replicationFactor(settings),
        create: settings.TOPIC_CREATE,
      });
      const ours = report.problems.filter(({ role }) => roles.includes(role));
      const blocking = ours.filter(({ kind }) => kind !== 'unchecked');
      if (blocking.length > 0) throw new TopicsUnfitError(blocking);
      for (const { topic, message } of ours) logger.warn({ topic }, message);
      return report;
    },
  });
}

type SchemaDeps = Pick<PrepareDeps, 'topics' | 'logger' | 'clock'> & { readonly schemaRegistry: SchemaRegistryClient };

/** The ids of all subjects. Retries until the registry has them. */
export function schemasPrerequisite({ topics, logger, clock, schemaRegistry }: SchemaDeps): Prerequisite<SubjectIds> {
  const attempt = () => schemaRegistry.ensureSubjects(subjects(topics));
  return new Prerequisite({ name: 'schemas', logger, attempt, ...(clock && { clock }) });
}

/** The id of the events' subject alone. */
export function eventSchemaPrerequisite(deps: SchemaDeps): Prerequisite<Pick<SubjectIds, 'events'>> {
  const { topics, logger, clock, schemaRegistry } = deps;
  const attempt = async () => ({ events: await schemaRegistry.ensureSubject(subjects(topics).events) });
  return new Prerequisite({ name: 'schemas', logger, attempt, ...(clock && { clock }) });
}
