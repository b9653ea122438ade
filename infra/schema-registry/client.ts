import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import type { Subject, Subjects } from '../../schemas/topics.js';
import { Backoff, type BackoffOptions } from '../async/backoff.js';
import { sleep, systemClock, type Clock } from '../async/clock.js';
import { withTimeout } from '../async/timeout.js';
import type { CommonSettings } from '../settings/common.js';
import { explainRegistryError, RegistryError, statusOf } from './registry-errors.js';

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
    const username = settings.SCHEMA_REGISTRY_USERNAME;
    const auth = {
      username,
      // Read for each request, because the settings follow the file of the password.
      get password() {
        return settings.SCHEMA_REGISTRY_PASSWORD;
      },
    };
    this.registry = new SchemaRegistry({
      host: this.url,
      ...(username !== '' && { auth }),
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
      if (id !== undefined) {
        if (this.settings.SCHEMA_REGISTER) await this.ensureLevel(subject.name);
        return id;
      }
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
      await this.setLevel(name);
      return this.register(subject, COMPATIBILITY.BACKWARD);
    }
  }

  /** Finishes what a process left undone that stopped between registering a subject and setting its level. Best effort. */
  private async ensureLevel(subject: string): Promise<void> {
    try {
      const response = await this.config(subject, { method: 'GET' });
      const level = response.ok
        ? ((await response.json()) as { compatibilityLevel?: string }).compatibilityLevel
        : undefined;
      if (response.status === 404 || level === COMPATIBILITY.NONE) await this.setLevel(subject);
    } catch {
      // The schema is registered, and nothing depends on the level before the next schema is.
    }
  }

  private async setLevel(subject: string): Promise<void> {
    const body = JSON.stringify({ compatibility: COMPATIBILITY.BACKWARD });
    const doing = 'set the compatibility level';
    const response = await this.config(subject, { method: 'PUT', body }).catch((error: unknown) => {
      throw this.explain(error, subject, doing);
    });
    if (!response.ok) throw this.explain(response, subject, doing);
  }

  /** The compatibility level of a subject, which the library sets at the first registration only. */
  private config(subject: string, request: { method: 'GET' | 'PUT'; body?: string }): Promise<Response> {
    const { SCHEMA_REGISTRY_USERNAME: user, SCHEMA_REGISTRY_PASSWORD: password } = this.settings;
    return fetch(`${this.url}/config/${encodeURIComponent(subject)}`, {
      ...request,
      headers: {
        'content-type': 'application/vnd.schemaregistry.v1+json',
        ...(user !== '' && { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }),
      },
      signal: AbortSignal.timeout(this.requestTimeoutMs),
    });
  }

  private bounded<T>(work: Promise<T>): Promise<T> {
    return withTimeout(work, STEP_TIMEOUTS * this.requestTimeoutMs, `waiting for the schema registry at ${this.url}`);
  }

  private explain(error: unknown, subject: string, doing: string): RegistryError {
    return explainRegistryError(error, `${doing} of ${subject}`, this.url);
  }
}

/** The library's HTTP client waits forever unless told otherwise. */
function withRequestTimeout(timeout: number): RegistryMiddleware {
  return () => ({ prepareRequest: async (next) => (await next()).enhance({ timeout }) });
}

function isConflict(error: unknown): boolean {
  return error instanceof RegistryError && statusOf(error.cause) === 409;
}

/** The level that the subject has, when the library refused to register because it is another than asked for. */
function otherLevel(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ConfluentSchemaRegistryCompatibilityError') return undefined;
  return /!= (\w+)\)/.exec(error.message)?.[1];
}
