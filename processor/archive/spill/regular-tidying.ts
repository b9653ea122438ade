import type { Cancel, Clock } from '../../../infra/async/clock.js';
import type { Logger } from '../../../infra/observability/logger.js';
import type { SpillDirectory } from './spill-directory.js';

/** Tidies the spill directory at intervals, first after one interval: before that, leftover recordings can be adopted. */
export class RegularTidying {
  private stopped = false;
  private cancelNext: Cancel = () => undefined;
  private tidying: Promise<void> = Promise.resolve();

  constructor(
    private readonly spills: SpillDirectory,
    private readonly intervalMs: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  start(): void {
    if (this.stopped) return;
    this.cancelNext = this.clock.after(this.intervalMs, () => {
      this.tidying = this.tidy().finally(() => this.start());
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelNext();
    await this.tidying;
  }

  private async tidy(): Promise<void> {
    await this.spills.tidy().catch((error: unknown) => {
      this.logger.warn(
        { path: this.spills.root, retryInMs: this.intervalMs, err: error },
        'could not tidy the spill directory; retrying at the next interval, check its permissions',
      );
    });
  }
}
