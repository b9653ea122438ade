import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { setTimeout as delay } from 'node:timers/promises';
import type { Subject, Subjects } from '../../schemas/topics.js';
import type { Logger } from '../observability/logger.js';
import type { CommonSettings } from '../settings/common.js';

/** A subject cannot take our schema; an operator must act. Restarting does not help. */
export class SchemaMismatchError extends Error {
  override readonly name = 'SchemaMismatchError';
}

/** The registry does not answer; it may be back later. */
export class RegistryUnavailableError extends Error {
  override readonly name = 'RegistryUnavailableError';
}

export type SubjectIds = { readonly [S in keyof Subjects]: number };

/** A registry that is being written to by another process answers 409, as it does for an incompatible schema: only time tells them apart. */
const CONFLICT_TRIES = 8;
const UNAVAILABLE_TRIES = 30;

/** The schema registry (Confluent API): our subjects. */
export class SchemaRegistryClient {
  private readonly registry: SchemaRegistry;

  constructor(
    private readonly settings: CommonSettings,
    private readonly logger: Logger,
  ) {
    const {
      SCHEMA_REGISTRY_URL: host,
      SCHEMA_REGISTRY_USERNAME: username,
      SCHEMA_REGISTRY_PASSWORD: password,
    } = settings;
    this.registry = new SchemaRegistry({
      host,
      ...(username !== '' && { auth: { username, password } }),
      retry: { retries: 2, initialRetryTimeInSecs: 0.1, maxRetryTimeInSecs: 1 },
    });
  }

  /**
   * Registers every subject with BACKWARD compatibility, one after the other; idempotent, and safe in several processes at once.
   *
   * @throws SchemaMismatchError when a registered schema is incompatible with ours, or its subject has another compatibility level.
   * @throws RegistryUnavailableError when the registry has not answered for about half a minute.
   */
  async registerSubjects(subjects: Subjects): Promise<SubjectIds> {
    return {
      events: await this.register(subjects.events),
      complete: await this.register(subjects.complete),
      amended: await this.register(subjects.amended),
      incomplete: await this.register(subjects.incomplete),
    };
  }

  /** Whether it worked shows when the subject is registered again. */
  private async setBackward(subject: string): Promise<void> {
    const { SCHEMA_REGISTRY_URL, SCHEMA_REGISTRY_USERNAME: user, SCHEMA_REGISTRY_PASSWORD: password } = this.settings;
    await fetch(`${SCHEMA_REGISTRY_URL}/config/${encodeURIComponent(subject)}`, {
      method: 'PUT',
      headers: {
        'content-type': 'application/vnd.schemaregistry.v1+json',
        ...(user !== '' && { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }),
      },
      body: JSON.stringify({ compatibility: COMPATIBILITY.BACKWARD }),
    }).catch(() => undefined);
    await delay(Math.random() * 300);
  }

  private async register({ name, schema }: Subject): Promise<number> {
    let conflicts = 0;
    let unavailable = 0;
    for (;;) {
      try {
        const { id } = await this.registry.register(
          { type: SchemaType.JSON, schema: JSON.stringify(schema) },
          { subject: name, compatibility: COMPATIBILITY.BACKWARD },
        );
        return id;
      } catch (error) {
        const status = statusOf(error);
        if (error instanceof Error && error.name === 'ConfluentSchemaRegistryCompatibilityError') {
          // No level of its own: another process is between registering the subject and setting it, or was stopped there.
          const isUnset = error.message.includes('!= NONE');
          if (!isUnset || ++conflicts >= CONFLICT_TRIES) {
            throw new SchemaMismatchError(`subject ${name}: ${error.message}; set its compatibility to BACKWARD`, {
              cause: error,
            });
          }
          await this.setBackward(name);
          continue;
        }
        if (status === 409) {
          if (++conflicts >= CONFLICT_TRIES) {
            throw new SchemaMismatchError(
              `subject ${name} holds a schema that ours is not BACKWARD compatible with; run the version that fits it, or use another TOPIC_PREFIX`,
              { cause: error },
            );
          }
        } else if (status !== undefined && status >= 400 && status < 500 && status !== 429) {
          throw new SchemaMismatchError(`subject ${name}: the registry refused our schema with ${status}`, {
            cause: error,
          });
        } else if (++unavailable >= UNAVAILABLE_TRIES) {
          throw new RegistryUnavailableError(
            `the schema registry at ${this.settings.SCHEMA_REGISTRY_URL} does not answer`,
            { cause: error },
          );
        } else {
          this.logger.warn({ subject: name, try: unavailable }, 'schema registry does not answer, trying again');
        }
        await delay(200 + Math.random() * 800);
      }
    }
  }
}

function statusOf(error: unknown): number | undefined {
  const status = (error as { status?: unknown }).status;
  return typeof status === 'number' ? status : undefined;
}
