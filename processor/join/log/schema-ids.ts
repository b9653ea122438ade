import { Backoff, type BackoffOptions } from '../../../infra/async/backoff.js';
import { sleep, type Clock } from '../../../infra/async/clock.js';
import type { Logger } from '../../../infra/observability/logger.js';
import type { SchemaRegistryClient } from '../../../infra/schema-registry/client.js';

const BACKOFF: BackoffOptions = { initialMs: 1_000, maxMs: 5_000 };
/** Limit of remembered ids, so that a producer that invents ids cannot fill the memory. */
const MAX_REMEMBERED = 10_000;

export type SchemaIdsDeps = {
  readonly registry: Pick<SchemaRegistryClient, 'knows'>;
  readonly logger: Logger;
  readonly clock: Clock;
};

/** Remembers which schema ids exist in the registry. Ids that this program registered are known from the start. */
export class SchemaIds {
  private readonly ids = new Map<number, boolean>();
  private waiting = 0;

  constructor(
    known: readonly number[],
    private readonly deps: SchemaIdsDeps,
  ) {
    for (const id of known) this.ids.set(id, true);
  }

  /** Whether the registry has already been asked about this id. */
  isResolved(id: number): boolean {
    return this.ids.has(id);
  }

  /** Asks the registry about an id. Retries while the registry is unavailable: an unanswered id does not make a dead letter. */
  async resolve(id: number): Promise<void> {
    const exists = await this.ask(id);
    if (this.ids.size >= MAX_REMEMBERED) this.dropUnknown();
    this.ids.set(id, exists);
  }

  /** Whether the registry has this id. Ask {@link resolve} first. */
  exists(id: number): boolean {
    return this.ids.get(id) === true;
  }

  /** Whether records wait for an answer of the registry. */
  get isWaiting(): boolean {
    return this.waiting > 0;
  }

  private async ask(id: number): Promise<boolean> {
    const { registry, logger, clock } = this.deps;
    const backoff = new Backoff(BACKOFF);
    this.waiting += 1;
    for (;;) {
      try {
        const exists = await registry.knows(id);
        this.waiting -= 1;
        return exists;
      } catch (error) {
        const retryInMs = Math.round(backoff.nextMs());
        logger.warn(
          { err: error, schemaId: id, retryInMs },
          'could not look up a schema id in the schema registry: its records wait, retrying',
        );
        await sleep(clock, retryInMs);
      }
    }
  }

  private dropUnknown(): void {
    for (const [id, exists] of this.ids) if (!exists) this.ids.delete(id);
  }
}
