import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../../infra/observability/logger.js';
import type { SchemaRegistryClient } from '../../../infra/schema-registry/client.js';

const RETRY_MS = 1_000;
/** A writer that makes ids up must not fill the memory. */
const MAX_REMEMBERED = 10_000;

/** Which schema ids the registry has. The ids that we registered are known from the start; others are asked for once. */
export class SchemaIds {
  private readonly ids = new Map<number, boolean>();
  private waiting = 0;

  constructor(
    known: readonly number[],
    private readonly registry: Pick<SchemaRegistryClient, 'knows'>,
    private readonly logger: Logger,
  ) {
    for (const id of known) this.ids.set(id, true);
  }

  /** Whether it is known of the id if the registry has it. */
  hasMet(id: number): boolean {
    return this.ids.has(id);
  }

  /** Looks an id up. While the registry is away this waits: its records are not poison, they are early. */
  async learn(id: number): Promise<void> {
    const known = await this.ask(id);
    if (this.ids.size >= MAX_REMEMBERED) this.forgetUnknown();
    this.ids.set(id, known);
  }

  knows(id: number): boolean {
    return this.ids.get(id) === true;
  }

  /** Whether records wait until the registry answers. */
  get isWaiting(): boolean {
    return this.waiting > 0;
  }

  private async ask(id: number): Promise<boolean> {
    this.waiting += 1;
    for (;;) {
      try {
        const known = await this.registry.knows(id);
        this.waiting -= 1;
        return known;
      } catch (error) {
        this.logger.warn({ err: error, schemaId: id }, 'schema registry does not answer, waiting');
        await delay(RETRY_MS);
      }
    }
  }

  private forgetUnknown(): void {
    for (const [id, known] of this.ids) if (!known) this.ids.delete(id);
  }
}
