import { Backoff } from '../../../infra/async/backoff.js';
import type { Cancel, Clock } from '../../../infra/async/clock.js';
import type { ObjectStore } from '../../../infra/object-store/object-store.js';
import type { Logger } from '../../../infra/observability/logger.js';

export type BucketGateDeps = {
  readonly objectStore: ObjectStore;
  /** Name of the bucket, for log lines. */
  readonly bucket: string;
  readonly clock: Clock;
  readonly logger: Logger;
};

const BACKOFF = { initialMs: 500, maxMs: 10_000 };

/**
 * Ensures in the background that the bucket exists: downloads do not wait for the object store.
 * Ready after the first success. A later outage shows in metrics and logs, not here.
 */
export class BucketGate {
  private fault: string | undefined = 'the object store has not answered yet';
  private failures = 0;
  private readonly backoff = new Backoff(BACKOFF);
  private cancelRetry: Cancel = () => undefined;
  private readonly stopping = new AbortController();
  private ensuring: Promise<void> = Promise.resolve();

  constructor(private readonly deps: BucketGateDeps) {}

  start(): void {
    this.ensuring = this.ensureBucket();
  }

  /** Why the bucket cannot be used yet; `undefined` once it can. */
  readinessFault(): string | undefined {
    return this.fault;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.cancelRetry();
    await this.ensuring;
  }

  private async ensureBucket(): Promise<void> {
    const { objectStore, bucket, clock, logger } = this.deps;
    try {
      await objectStore.ensureBucket(this.stopping.signal);
      this.fault = undefined;
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.failures += 1;
      this.fault = error instanceof Error ? error.message : 'the object store does not answer';
      const retryInMs = Math.round(this.backoff.nextMs());
      logger.warn(
        { bucket, failures: this.failures, retryInMs, err: error },
        'bucket for recordings is not available; retrying (recordings are downloaded and wait on disk)',
      );
      this.cancelRetry = clock.after(retryInMs, () => this.start());
    }
  }
}
