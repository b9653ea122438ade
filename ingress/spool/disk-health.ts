import { join } from 'node:path';
import type { Logger } from '../../infra/observability/logger.js';
import type { SpoolFs } from './file-system.js';

const RETRY_MS = 1_000;
const TEST_BYTES = Buffer.alloc(4096, 'spool test\n');
const TEST_FILE = 'write-test';

/** Whether a folder can be written to. After a failure it is tried again each second, so that it is known when space is back. */
export class DiskHealth {
  private isFailing = false;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly fs: SpoolFs,
    private readonly dir: string,
    private readonly logger: Logger,
    private readonly onChange: () => void,
  ) {}

  get isWell(): boolean {
    return !this.isFailing;
  }

  failed(err: unknown): void {
    if (!this.isFailing) this.logger.error({ err, dir: this.dir }, 'the spool cannot be written');
    this.isFailing = true;
    this.testLater();
  }

  succeeded(): void {
    if (!this.isFailing) return;
    this.isFailing = false;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.logger.info({ dir: this.dir }, 'the spool can be written again');
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private testLater(): void {
    if (this.stopped) return;
    this.timer ??= setTimeout(() => void this.test(), RETRY_MS).unref();
  }

  private async test(): Promise<void> {
    const path = join(this.dir, TEST_FILE);
    try {
      await this.fs.remove(path);
      const file = await this.fs.create(path);
      try {
        await file.write(TEST_BYTES, 0);
        await file.datasync();
      } finally {
        await file.close();
        await this.fs.remove(path);
      }
      this.succeeded();
      this.onChange();
    } catch {
      this.timer = undefined;
      this.testLater();
    }
  }
}
