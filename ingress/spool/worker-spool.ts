import { join } from 'node:path';
import { systemClock, type Cancel, type Clock } from '../../infra/async/clock.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { SpoolFs } from './file-system.js';
import { FormerSpools } from './former-spools.js';
import {
  removeEmptyPartitionFolders,
  type PartitionId,
  type SpoolStream,
} from '../../infra/spool/partition-folders.js';
import { PartitionSpools, type PartitionSpool } from './partition-spools.js';
import { setAsideFiles } from './segments/set-aside.js';
import { Spool } from './spool.js';
import { SpoolBudget } from './spool-budget.js';
import { claimFolder, type WorkerFolder } from './worker-folder.js';

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

/** Interval at which the first worker checks for spools to adopt, and each one for files set aside. */
const CHECK_INTERVAL_MS = 5_000;

/**
 * The spools of one worker. Events and dead letters have one each, so that trouble with one topic does not hold up the other; so do
 * partitions that are in trouble while others are not.
 * The first worker also adopts the spools of workers that no longer exist.
 */
export class WorkerSpool {
  private readonly clock: Clock;
  private cancelCheck: Cancel = () => undefined;
  private checking = Promise.resolve();
  private setAside: readonly string[] = [];
  /** Called with the number of damaged stretches in adopted segments, if there are any. */
  onDamage: (stretches: number) => void = () => undefined;
  /** Called when records of a partition have been found in the folder of a former worker. */
  onAdopted: (adopted: PartitionSpool) => void = () => undefined;

  private constructor(
    private readonly options: WorkerSpoolOptions,
    private readonly folder: WorkerFolder,
    private readonly former: FormerSpools | undefined,
    private readonly byPartition: PartitionSpools,
    readonly events: Spool,
    readonly deadLetters: Spool,
  ) {
    this.clock = options.clock ?? systemClock;
  }

  /**
   * @throws NewerSpoolError: the files of this worker must be left alone.
   * @throws Error of the file system, with its `code`: the folder cannot be used at present, or ever.
   */
  static async open(options: WorkerSpoolOptions): Promise<WorkerSpool> {
    const { fs, root, worker, workers, maxBytes, logger, clock = systemClock } = options;
    const folder = claimFolder(root, worker, options.clock);
    try {
      const { dir: own, lock } = folder;
      const former =
        worker === 1 ? new FormerSpools({ fs, root, own, workers, clock: options.clock, logger }) : undefined;
      await former?.move();
      const shared = { fs, budget: new SpoolBudget(maxBytes), logger, clock, isOwned: lock.isHeld };
      const open = (stream: string) => Spool.open({ ...shared, dir: join(own, stream) });
      const [events, deadLetters] = [await open('events'), await open('dead-letter')];
      return new WorkerSpool(options, folder, former, await PartitionSpools.open(own, shared), events, deadLetters);
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
    return this.byPartition.all;
  }

  get all(): readonly Spool[] {
    return [this.events, this.deadLetters, ...this.partitions.map(({ spool }) => spool)];
  }

  /** The spool of a partition's records; a new one touches the disk at the first append only. */
  ofPartition(stream: SpoolStream, id: PartitionId): Spool {
    return this.byPartition.of(stream, id);
  }

  /** Number of files set aside for a person to inspect, as of the last check. */
  get setAsideFiles(): number {
    return this.setAside.length;
  }

  /** Folders with the spools of former workers that could not be adopted yet. */
  get waitingFolders(): readonly string[] {
    return [...(this.former?.waiting.keys() ?? [])];
  }

  /**
   * Counts the records found at the start, then checks regularly for abandoned folders. Returns the number of damaged stretches.
   * @throws Error of the file system: try again later.
   */
  async scan(): Promise<number> {
    let damages = (await this.events.scan()) + (await this.deadLetters.scan());
    for (const { spool } of this.partitions) damages += spool.records === undefined ? await spool.scan() : 0;
    await this.countSetAside();
    this.scheduleCheck();
    return damages;
  }

  /** Closes all spools. Records that are not drained stay for the next start. */
  async close(): Promise<void> {
    this.cancelCheck();
    await this.checking;
    this.cancelCheck();
    await Promise.all(this.all.map((spool) => spool.close()));
    removeEmptyPartitionFolders(this.dir);
    await this.countSetAside();
    this.folder.lock.release();
  }

  private scheduleCheck(): void {
    this.cancelCheck = this.clock.after(CHECK_INTERVAL_MS, () => {
      this.checking = this.check().then(() => this.scheduleCheck());
    });
  }

  private async check(): Promise<void> {
    const { logger, root } = this.options;
    try {
      const damages = (await this.former?.adopt(this)) ?? 0;
      if (damages > 0) this.onDamage(damages);
    } catch (err) {
      const retryMs = CHECK_INTERVAL_MS;
      logger.warn({ err, dir: root, retryMs }, 'could not adopt the spools of former workers, retrying');
    }
    await this.countSetAside();
  }

  /** The first worker counts those of former workers too. */
  private async countSetAside(): Promise<void> {
    const dirs = [this.dir, ...(this.former?.folders() ?? [])];
    this.setAside = (await Promise.all(dirs.map(setAsideFiles))).flat();
  }
}
