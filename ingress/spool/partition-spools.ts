import { join } from 'node:path';
import {
  partitionFolder,
  removeEmptyPartitionFolders,
  streamFolders,
  type PartitionId,
  type SpoolStream,
} from '../../infra/spool/partition-folders.js';
import { Spool } from './spool.js';
import type { SpoolOptions } from './spool-options.js';

/** The spool of one partition's records. */
export type PartitionSpool = { readonly stream: SpoolStream; readonly id: PartitionId; readonly spool: Spool };

/** The spools of partitions in the folder of a worker. */
export class PartitionSpools {
  private readonly byName = new Map<string, PartitionSpool>();

  private constructor(
    private readonly dir: string,
    private readonly options: Omit<SpoolOptions, 'dir'>,
  ) {}

  /** Opens those that an earlier run left, without reading them. @throws NewerSpoolError; Error of the file system: try again later. */
  static async open(dir: string, options: Omit<SpoolOptions, 'dir'>): Promise<PartitionSpools> {
    const spools = new PartitionSpools(dir, options);
    removeEmptyPartitionFolders(dir);
    for (const { name, stream, id } of streamFolders(dir)) {
      if (id === undefined) continue;
      spools.byName.set(name, { stream, id, spool: await Spool.open({ ...options, dir: join(dir, name) }) });
    }
    return spools;
  }

  /** Those found and made so far. */
  get all(): readonly PartitionSpool[] {
    return [...this.byName.values()];
  }

  /** The spool of a partition's records; a new one touches the disk at the first append only. */
  of(stream: SpoolStream, id: PartitionId): Spool {
    const name = partitionFolder(stream, id);
    let found = this.byName.get(name);
    if (found === undefined) {
      const spool = Spool.empty({ ...this.options, dir: join(this.dir, name) });
      this.byName.set(name, (found = { stream, id, spool }));
    }
    return found.spool;
  }
}
