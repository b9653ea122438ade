import { join } from 'node:path';
import type { Logger } from '../../infra/observability/logger.js';
import type { LockHolder } from '../../infra/program/pid-lock.js';
import { adoptSegments, moveSegments } from './adoption.js';
import { streamFolders, type PartitionId, type SpoolStream } from '../../infra/spool/partition-folders.js';
import type { PartitionSpool } from './partition-spools.js';
import type { Spool } from './spool.js';
import { spoolFaultOf } from './spool-fault.js';
import { adoptFormerFolders, formerFolders, type FormerFoldersOptions } from './worker-folder.js';

/** The spools of a worker. */
export type Spools = {
  readonly events: Spool;
  readonly deadLetters: Spool;
  /** Those of partitions so far. */
  readonly partitions: readonly PartitionSpool[];
  readonly ofPartition: (stream: SpoolStream, id: PartitionId) => Spool;
};

/** Spools that take over others while they are in use. */
export type AdoptingSpools = Spools & { readonly onAdopted: (adopted: PartitionSpool) => void };

export type FormerSpoolsOptions = Omit<FormerFoldersOptions, 'onHeld' | 'onFault'> & { readonly logger: Logger };

/** Adopts the spools that nobody returns to. Logs what keeps it from adopting one, once until that changes. */
export class FormerSpools {
  private obstacles = new Map<string, string>();

  constructor(private readonly options: FormerSpoolsOptions) {}

  /** Folders that still have segments, and the reason why they were not adopted the last time. */
  get waiting(): ReadonlyMap<string, string> {
    return this.obstacles;
  }

  /** Folders that no worker returns to, with or without segments; none if the root cannot be read. */
  folders(): string[] {
    const { root, own, workers } = this.options;
    try {
      return formerFolders(root, own, workers);
    } catch {
      return [];
    }
  }

  /** Before the own spools are opened: moves the segments into their folder. @throws Error of the file system: try again later. */
  async move(): Promise<void> {
    const { fs, own, logger } = this.options;
    await this.adoptEach(async (dir) => {
      let segments = 0;
      for (const { name } of streamFolders(dir)) segments += await moveSegments(fs, join(dir, name), join(own, name));
      logger.info({ dir, segments }, "adopted a former worker's spool, draining it with the own one");
    });
  }

  /**
   * While the own spools are in use. Returns the number of damaged stretches in the adopted segments.
   * @throws Error of the file system: try again later.
   */
  async adopt(spools: AdoptingSpools): Promise<number> {
    const { fs, logger } = this.options;
    let damages = 0;
    await this.adoptEach(async (dir) => {
      let segments = 0;
      let records = 0;
      for (const { name, stream, id } of streamFolders(dir)) {
        const spool = spoolOf(spools, stream, id);
        if (id !== undefined) await fs.makeDir(spool.dir);
        try {
          const adopted = await adoptSegments(fs, join(dir, name), spool, logger);
          segments += adopted.segments;
          records += adopted.records;
          damages += adopted.damages;
        } finally {
          // Some segments may have been moved before a failure.
          if (id !== undefined) spools.onAdopted({ stream, id, spool });
        }
      }
      logger.info({ dir, segments, records }, "adopted a former worker's spool, draining it");
    });
    return damages;
  }

  private async adoptEach(adopt: (dir: string) => Promise<void>): Promise<void> {
    const { logger } = this.options;
    const obstacles = new Map<string, string>();
    const note = (dir: string, obstacle: string, warn: () => void): void => {
      obstacles.set(dir, obstacle);
      if (this.obstacles.get(dir) !== obstacle) warn();
    };
    const onHeld = (dir: string, { holder, elsewhere }: LockHolder): void => {
      // A live process on this machine drains its own folder.
      if (elsewhere === undefined) return;
      note(dir, 'held elsewhere', () => {
        logger.info(
          { dir, holder, freeInMs: elsewhere.freeInMs },
          'a spool has an owner in another container or on another host, adopting it if that shows no sign of life',
        );
      });
    };
    const onFault = (dir: string, err: unknown): void => {
      const { fault, fix } = spoolFaultOf(err);
      note(dir, fault, () =>
        logger.error({ dir, fault, fix, err }, "could not adopt a former worker's spool, retrying"),
      );
    };
    try {
      await adoptFormerFolders({ ...this.options, onHeld, onFault }, adopt);
    } finally {
      this.obstacles = obstacles;
    }
  }
}

function spoolOf(spools: Spools, stream: SpoolStream, id: PartitionId | undefined): Spool {
  if (id !== undefined) return spools.ofPartition(stream, id);
  return stream === 'events' ? spools.events : spools.deadLetters;
}
