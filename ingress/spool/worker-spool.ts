import { join } from 'node:path';
import { systemClock, type Cancel, type Clock } from '../../infra/async/clock.js';
import type { Logger } from '../../infra/observability/logger.js';
import { adoptSegments, moveSegments } from './adoption.js';
import type { SpoolFs } from './file-system.js';
import {
  partitionFolder,
  removeEmptyPartitionFolders,
  streamFolders,
  type PartitionId,
  type SpoolStream,
} from './partition-folders.js';
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

/** The spool of one partition's records. */
export type PartitionSpool = { readonly stream: SpoolStream; readonly id: PartitionId; readonly spool: Spool };

/**
 * The spools of one worker. Events and dead letters have one each, so that trouble with one topic does not hold up the other; so do
 * partitions that are in trouble while others are not.
 * The first worker also adopts the spools of workers that no longer exist.
 */
export class WorkerSpool {
  private readonly clock: Clock;
  private cancelAdoption: Cancel = () => undefined;
  private adoption = Promise.resolve();
  private readonly byPartition = new Map<string, PartitionSpool>();
  /** Called when records of a partition have been found in the folder of a former worker. */
  onAdopted: (adopted: PartitionSpool) => void = () => undefined;

  private constructor(
    private readonly options: WorkerSpoolOptions,
    private readonly folder: WorkerFolder,
    private readonly budget: SpoolBudget,
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
          for (const { name } of streamFolders(other.dir))
            await moveSegments(fs, join(other.dir, name), join(own, name));
          removeEmptyPartitionFolders(other.dir);
          other.lock.release();
        }
      }
      const budget = new SpoolBudget(maxBytes);
      const open = (stream: string) => Spool.open({ fs, dir: join(own, stream), budget, logger, clock });
      removeEmptyPartitionFolders(own);
      const spool = new WorkerSpool(options, folder, budget, await open('events'), await open('dead-letter'));
      for (const { name, stream, id } of streamFolders(own)) {
        if (id !== undefined) spool.byPartition.set(name, { stream, id, spool: await open(name) });
      }
      return spool;
    } catch (error) {
      folder.lock.release();
      throw error;
    }
  }

  get dir(): string {
    return this.folder.dir;
  }

  /** The spools of partitions so far. */
  get partitions(): readonly PartitionSpool[] {
    return [...this.byPartition.values()];
  }

  get all(): readonly Spool[] {
    return [this.events, this.deadLetters, ...this.partitions.map(({ spool }) => spool)];
  }

  /** The spool of a partition's records; a new one touches the disk at the first append only. */
  ofPartition(stream: SpoolStream, id: PartitionId): Spool {
    const name = partitionFolder(stream, id);
    let found = this.byPartition.get(name);
    if (found === undefined) {
      const { fs, logger } = this.options;
      const spool = Spool.empty({ fs, dir: join(this.dir, name), budget: this.budget, logger, clock: this.clock });
      this.byPartition.set(name, (found = { stream, id, spool }));
    }
    return found.spool;
  }

  /**
   * Counts the records found at the start, then checks regularly for abandoned folders. Returns the number of damaged stretches.
   * @throws Error of the file system: try again later.
   */
  async scan(): Promise<number> {
    let damages = (await this.events.scan()) + (await this.deadLetters.scan());
    for (const { spool } of this.partitions) damages += spool.records === undefined ? await spool.scan() : 0;
    if (this.options.worker === 1) this.scheduleAdoption();
    return damages;
  }

  /** Closes both spools. Records that are not drained stay for the next start. */
  async close(): Promise<void> {
    this.cancelAdoption();
    await this.adoption;
    this.cancelAdoption();
    await Promise.all(this.all.map((spool) => spool.close()));
    removeEmptyPartitionFolders(this.dir);
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
        for (const { name, stream, id } of streamFolders(dir)) {
          if (id === undefined) {
            await adoptSegments(fs, join(dir, name), stream === 'events' ? this.events : this.deadLetters, logger);
            continue;
          }
          const spool = this.ofPartition(stream, id);
          await fs.makeDir(spool.dir);
          await adoptSegments(fs, join(dir, name), spool, logger);
          this.onAdopted({ stream, id, spool });
        }
        removeEmptyPartitionFolders(dir);
      } finally {
        lock.release();
      }
    }
  }
}
