import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import type { Subject, Subjects } from '../../schemas/topics.js';
import { Backoff, type BackoffOptions } from '../async/backoff.js';
import { sleep, systemClock, type Clock } from '../async/clock.js';
import { withTimeout } from '../async/timeout.js';
import type { CommonSettings } from '../settings/common.js';
import { RegistryError, statusOf } from './registry-errors.js';

/** Schema ids of our subjects, by role. */
export type SubjectIds = { readonly [S in keyof Subjects]: number };

export type RegistrySettings = Pick<
  CommonSettings,
  'SCHEMA_REGISTRY_URL' | 'SCHEMA_REGISTRY_USERNAME' | 'SCHEMA_REGISTRY_PASSWORD' | 'SCHEMA_REGISTER'
>;

type RegistryMiddleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]['middlewares']>[number];

export type RegistryOptions = {
  readonly clock?: Clock;
  /** Longest silence during one request. */
  readonly requestTimeoutMs?: number;
};

const REQUEST_TIMEOUT_MS = 5_000;
/** Bounds a request whose response trickles in or breaks off: the HTTP client notices silence only. */
const STEP_TIMEOUTS = 2;

/** A registry that another process is writing to answers 409, as it does for an incompatible schema: only time tells them apart. */
const MAX_CONFLICTS = 6;
const CONFLICT_BACKOFF: BackoffOptions = { initialMs: 200, maxMs: 1_000 };

/** Compatibility levels under which our schemas may evolve; BACKWARD is what we set where there is none. */
const ACCEPTED_LEVELS = new Map<string, COMPATIBILITY>(
  [
    COMPATIBILITY.BACKWARD,
    COMPATIBILITY.BACKWARD_TRANSITIVE,
    COMPATIBILITY.FULL,
    COMPATIBILITY.FULL_TRANSITIVE,
    COMPATIBILITY.FORWARD,
    COMPATIBILITY.FORWARD_TRANSITIVE,
  ].map((level) => [level, level]),
);

/**
 * Our subjects in a schema registry with Confluent's API.
 *
 * Every method rejects with {@link RegistryError} within seconds: nothing waits for a registry that does not answer.
 */
export class SchemaRegistryClient {
  private readonly registry: SchemaRegistry;
  private readonly clock: Clock;
  private readonly requestTimeoutMs: number;
  readonly url: string;

  constructor(
    private readonly settings: RegistrySettings,
    { clock = systemClock, requestTimeoutMs = REQUEST_TIMEOUT_MS }: RegistryOptions = {},
  ) {
    this.clock = clock;
    this.requestTimeoutMs = requestTimeoutMs;
    this.url = settings.SCHEMA_REGISTRY_URL;
    const { SCHEMA_REGISTRY_USERNAME: username, SCHEMA_REGISTRY_PASSWORD: password } = settings;
    this.registry = new SchemaRegistry({
      host: this.url,
      ...(username !== '' && { auth: { username, password } }),
      retry: { retries: 0 },
      middlewares: [withRequestTimeout(requestTimeoutMs)],
    });
  }

  /**
   * The ids of all subjects, registered where they are missing; one after the other, as some registries answer concurrent first
   * registrations with a conflict. Idempotent, and safe in several processes at once.
   */
  async ensureSubjects(subjects: Subjects): Promise<SubjectIds> {
    return {
      events: await this.ensureSubject(subjects.events),
      complete: await this.ensureSubject(subjects.complete),
      amended: await this.ensureSubject(subjects.amended),
      incomplete: await this.ensureSubject(subjects.incomplete),
    };
  }

  /**
   * The id of a subject's schema. A registered schema is found by a read-only request, whatever the subject's compatibility level is
   * and whether or not we may write; only a missing one is registered, and only with `SCHEMA_REGISTER=true`.
   */
  async ensureSubject(subject: Subject): Promise<number> {
    const backoff = new Backoff(CONFLICT_BACKOFF);
    for (let conflicts = 1; ; conflicts += 1) {
      const id = await this.lookUp(subject);
      if (id !== undefined) return id;
      if (!this.settings.SCHEMA_REGISTER) {
        throw new RegistryError(
          'rejected',
          `subject ${subject.name} has no schema that equals ours, and SCHEMA_REGISTER is false: register it at ${this.url}`,
        );
      }
      try {
        return await this.register(subject, COMPATIBILITY.BACKWARD);
      } catch (error) {
        if (!isConflict(error) || conflicts >= MAX_CONFLICTS) throw error;
        await sleep(this.clock, backoff.nextMs());
      }
    }
  }

  /** Whether the registry has this schema id. */
  async knows(schemaId: number): Promise<boolean> {
    try {
      await this.bounded(this.registry.getSchema(schemaId));
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw this.explain(error, `schema id ${schemaId}`, 'look up the schema');
    }
  }

  private async lookUp({ name, schema }: Subject): Promise<number | undefined> {
    try {
      return await this.bounded(
        this.registry.getRegistryIdBySchema(name, { type: SchemaType.JSON, schema: JSON.stringify(schema) }),
      );
    } catch (error) {
      // How the library says 404: no such subject, or no such schema in it.
      if (error instanceof Error && error.name === 'ConfluentSchemaRegistryError') return undefined;
      throw this.explain(error, name, 'look up the schema');
    }
  }

  private async register(subject: Subject, compatibility: COMPATIBILITY): Promise<number> {
    const { name, schema } = subject;
    try {
      const { id } = await this.bounded(
        this.registry.register(
          { type: SchemaType.JSON, schema: JSON.stringify(schema) },
          { subject: name, compatibility },
        ),
      );
      return id;
    } catch (error) {
      const found = otherLevel(error);
      if (found === undefined || found === (compatibility as string))
        throw this.explain(error, name, 'register the schema');
      const level = ACCEPTED_LEVELS.get(found);
      if (level !== undefined) return this.register(subject, level);
      // NONE: another process is between registering the subject and setting its level, or was stopped there.
      await this.setLevel(name, COMPATIBILITY.BACKWARD);
      return this.register(subject, COMPATIBILITY.BACKWARD);
    }
  }

  private async setLevel(subject: string, compatibility: COMPATIBILITY): Promise<void> {
    const { SCHEMA_REGISTRY_USERNAME: user, SCHEMA_REGISTRY_PASSWORD: password } = this.settings;
    const response = await fetch(`${this.url}/config/${encodeURIComponent(subject)}`, {
      method: 'PUT',
      headers: {
        'content-type': 'application/vnd.schemaregistry.v1+json',
        ...(user !== '' && { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }),
      },
      body: JSON.stringify({ compatibility }),
      signal: AbortSignal.timeout(this.requestTimeoutMs),
    }).catch((error: unknown) => {
      throw this.explain(error, subject, 'set the compatibility level');
    });
    if (!response.ok) throw this.explain(response, subject, `set the compatibility level to ${compatibility}`);
  }

  private bounded<T>(work: Promise<T>): Promise<T> {
    return withTimeout(work, STEP_TIMEOUTS * this.requestTimeoutMs, `waiting for the schema registry at ${this.url}`);
  }

  private explain(error: unknown, subject: string, doing: string): RegistryError {
    const status = statusOf(error);
    const said = error instanceof Error ? error.message : '';
    if (status === undefined || status === 408 || status === 429 || status >= 500) {
      const problem = status === undefined ? said : `status ${status}`;
      return new RegistryError(
        'unavailable',
        `schema registry ${this.url} is unavailable (${problem}): could not ${doing} of ${subject}`,
        {
          cause: error,
        },
      );
    }
    return new RegistryError(
      'rejected',
      `schema registry ${this.url} refused to ${doing} of ${subject} with status ${status}: ${ADVICE[status] ?? said}`,
      { cause: error },
    );
  }
}

/** The library's HTTP client waits forever unless told otherwise. */
function withRequestTimeout(timeout: number): RegistryMiddleware {
  return () => ({ prepareRequest: async (next) => (await next()).enhance({ timeout }) });
}

/** What to change, by the status of a refusal. */
const ADVICE: Readonly<Record<number, string>> = {
  401: 'check SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD',
  403: 'grant the registry user read access to the subject, and write access or register the schema yourself',
  404: "SCHEMA_REGISTRY_URL does not serve Confluent's API: check its path (Apicurio: /apis/ccompat/v7)",
  405: 'the registry is read-only: register the schema yourself and set SCHEMA_REGISTER=false',
  409: 'the subject holds a schema that ours is not compatible with: run the version that fits it, or use another TOPIC_PREFIX',
  422: 'the registry is read-only for this subject, or its rules reject the schema: register it yourself or change the rules',
};

function isConflict(error: unknown): boolean {
  return error instanceof RegistryError && statusOf(error.cause) === 409;
}

/** The level that the subject has, when the library refused to register because it is another than asked for. */
function otherLevel(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ConfluentSchemaRegistryCompatibilityError') return undefined;
  return /!= (\w+)\)/.exec(error.message)?.[1];
}
