import type { ObjectStore } from '../../../infra/object-store/object-store.js';
import type { Logger } from '../../../infra/observability/logger.js';
import { deadlineBackoffMs } from '../../../infra/async/backoff.js';
import type { Clock } from '../../../infra/async/clock.js';

const BACKOFF = { initialMs: 500, maxMs: 10_000 };

/**
 * Sees to it that the bucket is there, in the background: downloads do not wait for the store.
 * It is ready once the store has answered well; an outage later on shows in metrics and log, not here.
 */
export class BucketGate {
  private missing: string | undefined = 'the object store has not answered yet';
  private failures = 0;
  private callOff: () => void = () => undefined;
  private readonly stopping = new AbortController();
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: ObjectStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.looking = this.look();
  }

  notReady(): string | undefined {
    return this.missing;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.callOff();
    await this.looking;
  }

  private async look(): Promise<void> {
    try {
      await this.store.ensureBucket(this.stopping.signal);
      this.missing = undefined;
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.failures += 1;
      this.missing = error instanceof Error ? error.message : 'the object store does not answer';
      this.logger.warn({ failures: this.failures, err: error }, 'the bucket for recordings cannot be used yet');
      this.callOff = this.clock.after(deadlineBackoffMs(BACKOFF, this.failures, Infinity, Math.random()), () =>
        this.start(),
      );
    }
  }
}
