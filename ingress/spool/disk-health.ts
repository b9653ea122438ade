import { join } from 'node:path';
import { Backoff } from '../../infra/async/backoff.js';
import type { Cancel, Clock } from '../../infra/async/clock.js';
import type { Logger } from '../../infra/observability/logger.js';
import { DISK_RETRY } from './disk-retry.js';
import type { SpoolFs } from './file-system.js';

const TEST_BYTES = Buffer.alloc(4096, 'spool test\n');
const TEST_FILE = 'write-test';

export type DiskHealthDeps = {
  readonly fs: SpoolFs;
  readonly dir: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Called when a test write succeeds after a failure. */
  readonly onRecovered: () => void;
};

/** Whether a folder is writable. After a failure, test writes detect the recovery even if nothing is appended. */
export class DiskHealth {
  private isFailing = false;
  private cancelTest: Cancel | undefined;
  private isStopped = false;
  private readonly backoff = new Backoff(DISK_RETRY);

  constructor(private readonly deps: DiskHealthDeps) {}

  get isHealthy(): boolean {
    return !this.isFailing;
  }

  failed(err: unknown): void {
    const { logger, dir } = this.deps;
    if (!this.isFailing) logger.error({ err, dir }, 'could not write to the spool, testing its disk until it recovers');
    this.isFailing = true;
    this.scheduleTest();
  }

  succeeded(): void {
    if (!this.isFailing) return;
    this.isFailing = false;
    this.backoff.reset();
    this.cancelTest?.();
    this.cancelTest = undefined;
    this.deps.logger.info({ dir: this.deps.dir }, 'spool writable again');
  }

  stop(): void {
    this.isStopped = true;
    this.cancelTest?.();
  }

  private scheduleTest(): void {
    if (this.isStopped) return;
    this.cancelTest ??= this.deps.clock.after(this.backoff.nextMs(), () => void this.test());
  }

  private async test(): Promise<void> {
    const { fs, dir, onRecovered } = this.deps;
    const path = join(dir, TEST_FILE);
    try {
      await fs.remove(path);
      const file = await fs.create(path);
      try {
        await file.write(TEST_BYTES, 0);
        await file.datasync();
      } finally {
        await file.close();
        await fs.remove(path);
      }
      this.succeeded();
      onRecovered();
    } catch {
      this.cancelTest = undefined;
      this.scheduleTest();
    }
  }
}
