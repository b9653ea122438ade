import type { Logger } from '../../infra/observability/logger.js';
import { Prerequisite } from '../../infra/program/prerequisite.js';
import type { SchemaRegistryClient } from '../../infra/schema-registry/client.js';
import type { SavedSchemaIds } from '../../infra/schema-registry/saved-schema-ids.js';
import type { Subject } from '../../schemas/topics.js';

export type EventSchemaDeps = {
  readonly subject: Subject;
  readonly registry: Pick<SchemaRegistryClient, 'ensureSubject'>;
  readonly saved: Pick<SavedSchemaIds, 'read' | 'save'>;
  readonly logger: Logger;
  /** Called with the id to write with; again if the registry turns out to have another one. */
  readonly onId: (id: number) => void;
};

/**
 * The schema id that events are written with. The registry decides; while it cannot be used, the id that it gave last time serves, so
 * that an ingress can restart during the registry's outage.
 */
export function eventSchema({ subject, registry, saved, logger, onId }: EventSchemaDeps): Prerequisite<number> {
  let used: number | undefined;
  const use = (id: number): void => {
    if (used !== id) onId(id);
    used = id;
  };
  return new Prerequisite({
    name: 'schemas',
    logger,
    attempt: async () => {
      try {
        const id = await registry.ensureSubject(subject);
        use(id);
        await saved.save(subject, id).catch((err: unknown) => {
          logger.warn({ err, subject: subject.name }, 'could not save the schema id: a restart will need the registry');
        });
        return id;
      } catch (error) {
        const last = used === undefined ? await saved.read(subject) : undefined;
        if (last !== undefined) {
          logger.info(
            { subject: subject.name, schemaId: last },
            'using the saved schema id until the registry responds',
          );
          use(last);
        }
        throw error;
      }
    },
  });
}
