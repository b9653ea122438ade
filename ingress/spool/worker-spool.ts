import { join } from 'node:path';
import type { Logger } from '../../infra/observability/logger.js';
import { adoptSegments, moveSegments } from './adoption.js';
import type { SpoolFs } from './file-system.js';
import { Spool } from './spool.js';
import { SpoolBudget } from './spool-budget.js';
import { abandonedFolders, claimFolder, type WorkerFolder } from './worker-folder.js';

export type WorkerSpoolOptions = {
  readonly fs: SpoolFs;
  /** Holds the folders of all workers of this machine. */
  readonly root: string;
  /** Numbered from 1. */
  readonly worker: number;
  readonly workers: number;
  /** Of this worker's files. */
  readonly maxBytes: number;
  readonly logger: Logger;
};

const ADOPT_INTERVAL_MS = 5_000;
const STREAMS = ['events', 'dead-letter'] as const;

/**
 * The spools of one worker: one for events, one for dead letters, so that trouble with one topic does not hold up the other.
 * The first worker also takes over what workers left that will not come back.
 */
export class WorkerSpool {
  private timer: NodeJS.Timeout | undefined;
  private adopting = Promise.resolve();

  private constructor(
    private readonly options: WorkerSpoolOptions,
    private readonly folder: WorkerFolder,
    readonly events: Spool,
    readonly deadLetters: Spool,
  ) {}

  /**
   * @throws NewerSpoolError: do not start.
   * @throws Error of the file system, with its `code`: the folder cannot be used, now or at all.
   */
  static async open(options: WorkerSpoolOptions): Promise<WorkerSpool> {
    const { fs, root, worker, maxBytes, logger } = options;
    const folder = claimFolder(root, worker);
    try {
      const own = folder.dir;
      if (worker === 1) {
        for (const other of await abandonedFolders(fs, root, own, options.workers)) {
          for (const stream of STREAMS) await moveSegments(fs, join(other.dir, stream), join(own, stream));
          other.lock.release();
        }
      }
      const budget = new SpoolBudget(maxBytes);
      const open = (stream: string) => Spool.open({ fs, dir: join(own, stream), budget, logger });
      return new WorkerSpool(options, folder, await open('events'), await open('dead-letter'));
    } catch (error) {
      folder.lock.release();
      throw error;
    }
  }

  /** Counts what was found, then looks from time to time for what others have left. @returns the number of damages. */
  async scan(): Promise<number> {
    const damages = (await this.events.scan()) + (await this.deadLetters.scan());
    if (this.options.worker === 1) this.adoptLater();
    return damages;
  }

  /** What is not drained stays for the next start. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.adopting;
    clearTimeout(this.timer);
    await Promise.all([this.events.close(), this.deadLetters.close()]);
    this.folder.lock.release();
  }

  private adoptLater(): void {
    this.timer = setTimeout(() => {
      this.adopting = this.adopt()
        .catch((err: unknown) => this.options.logger.warn({ err }, 'cannot look after the spools of former workers'))
        .then(() => this.adoptLater());
    }, ADOPT_INTERVAL_MS).unref();
  }

  private async adopt(): Promise<void> {
    const { fs, root, workers, logger } = this.options;
    for (const { dir, lock } of await abandonedFolders(fs, root, this.folder.dir, workers)) {
      try {
        await adoptSegments(fs, join(dir, 'events'), this.events, logger);
        await adoptSegments(fs, join(dir, 'dead-letter'), this.deadLetters, logger);
      } finally {
        lock.release();
      }
    }
  }
}
