import type { Logger } from '../../../infra/observability/logger.js';
import type { Clock } from '../../../infra/async/clock.js';
import type { SpillDirectory } from './spill-directory.js';

/** Tidies the spill directory at intervals; the first time after one of them, so that what was left there can be taken up first. */
export class RegularTidying {
  private stopped = false;
  private callOff: () => void = () => undefined;
  private tidying: Promise<void> = Promise.resolve();

  constructor(
    private readonly spills: SpillDirectory,
    private readonly everyMs: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  start(): void {
    if (this.stopped) return;
    this.callOff = this.clock.after(this.everyMs, () => {
      this.tidying = this.tidy().finally(() => this.start());
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.callOff();
    await this.tidying;
  }

  private async tidy(): Promise<void> {
    await this.spills.tidy().catch((error: unknown) => {
      this.logger.warn({ err: error }, 'the spill folder could not be tidied');
    });
  }
}
