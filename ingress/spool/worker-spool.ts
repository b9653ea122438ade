import { join } from 'node:path';
import { systemClock, type Cancel, type Clock } from '../../infra/async/clock.js';
import type { Logger } from '../../infra/observability/logger.js';
import { adoptSegments, moveSegments } from './adoption.js';
import type { SpoolFs } from './file-system.js';
import { Spool } from './spool.js';
import { SpoolBudget } from './spool-budget.js';
import { abandonedFolders, claimFolder, type WorkerFolder } from './worker-folder.js';

export type WorkerSpoolOptions = {
  readonly fs: SpoolFs;
  /** Contains the folders of all workers of this machine. */
  readonly root: string;
  /** This worker's number, from 1. */
  readonly worker: number;
  /** Number of workers. */
  readonly workers: number;
  /** Limit of this worker's files. */
  readonly maxBytes: number;
  readonly logger: Logger;
  readonly clock?: Clock;
};

/** Interval at which the first worker checks for abandoned folders. */
const ADOPT_INTERVAL_MS = 5_000;
const STREAMS = ['events', 'dead-letter'] as const;

/**
 * The spools of one worker. Events and dead letters have one each, so that trouble with one topic does not hold up the other.
 * The first worker also adopts the spools of workers that no longer exist.
 */
export class WorkerSpool {
  private readonly clock: Clock;
  private cancelAdoption: Cancel = () => undefined;
  private adoption = Promise.resolve();

  private constructor(
    private readonly options: WorkerSpoolOptions,
    private readonly folder: WorkerFolder,
    readonly events: Spool,
    readonly deadLetters: Spool,
  ) {
    this.clock = options.clock ?? systemClock;
  }

  /**
   * @throws NewerSpoolError: do not start.
   * @throws Error of the file system, with its `code`: the folder cannot be used at present, or ever.
   */
  static async open(options: WorkerSpoolOptions): Promise<WorkerSpool> {
    const { fs, root, worker, maxBytes, logger, clock = systemClock } = options;
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
      const open = (stream: string) => Spool.open({ fs, dir: join(own, stream), budget, logger, clock });
      return new WorkerSpool(options, folder, await open('events'), await open('dead-letter'));
    } catch (error) {
      folder.lock.release();
      throw error;
    }
  }

  get dir(): string {
    return this.folder.dir;
  }

  /**
   * Counts the records found at the start, then checks regularly for abandoned folders. Returns the number of damaged stretches.
   * @throws Error of the file system: try again later.
   */
  async scan(): Promise<number> {
    const damages = (await this.events.scan()) + (await this.deadLetters.scan());
    if (this.options.worker === 1) this.scheduleAdoption();
    return damages;
  }

  /** Closes both spools. Records that are not drained stay for the next start. */
  async close(): Promise<void> {
    this.cancelAdoption();
    await this.adoption;
    this.cancelAdoption();
    await Promise.all([this.events.close(), this.deadLetters.close()]);
    this.folder.lock.release();
  }

  private scheduleAdoption(): void {
    const { logger, root } = this.options;
    this.cancelAdoption = this.clock.after(ADOPT_INTERVAL_MS, () => {
      this.adoption = this.adopt()
        .catch((err: unknown) => {
          const retryMs = ADOPT_INTERVAL_MS;
          logger.warn({ err, dir: root, retryMs }, 'could not adopt the spools of former workers, retrying');
        })
        .then(() => this.scheduleAdoption());
    });
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
