import type { TopicReport } from '../infra/kafka/topics/ensure-topics.js';
import type { Logger } from '../infra/observability/logger.js';
import type { Prerequisite } from '../infra/program/prerequisite.js';

/** The join or the archive. A process runs one of them or both. */
export type ProcessorRole = {
  readonly start: () => Promise<void>;
  readonly readinessFault: () => string | undefined;
  readonly stop: () => Promise<void>;
};

export type RoleSlotDeps<Ids> = {
  readonly topics: Prerequisite<TopicReport>;
  readonly schemas: Prerequisite<Ids>;
  readonly create: (topics: TopicReport, subjectIds: Ids) => Promise<ProcessorRole>;
};

/**
 * A role and what it needs before it can start. It waits for topics and schemas as long as that takes, and the roles of a process do
 * not wait for each other.
 */
export class RoleSlot<Ids> {
  private role: ProcessorRole | undefined;
  private starting: Promise<void> = Promise.resolve();

  constructor(
    private readonly name: string,
    private readonly logger: Logger,
    private readonly deps: RoleSlotDeps<Ids>,
  ) {}

  /** Resolves once the role has started, or was stopped before that. @throws what the role's start throws. */
  start(): Promise<void> {
    const starting = this.run();
    this.starting = starting.catch(() => undefined);
    return starting;
  }

  /** What keeps the role from being ready, by part; `undefined` where nothing does. */
  faults(): Readonly<Record<string, string | undefined>> {
    const { topics, schemas } = this.deps;
    return {
      [`${this.name}Topics`]: topics.fault,
      [`${this.name}Schemas`]: schemas.fault,
      [this.name]:
        this.role === undefined ? `the ${this.name} waits for topics and schemas` : this.role.readinessFault(),
    };
  }

  async stop(): Promise<void> {
    this.deps.topics.stop();
    this.deps.schemas.stop();
    await this.starting;
    await this.role?.stop();
  }

  private async run(): Promise<void> {
    const topics = await this.deps.topics.obtain();
    const subjectIds = topics && (await this.deps.schemas.obtain());
    if (topics === undefined || subjectIds === undefined) return;
    const role = await this.deps.create(topics, subjectIds);
    await role.start();
    this.role = role;
    this.logger.info({ role: this.name }, `${this.name} started`);
  }
}
