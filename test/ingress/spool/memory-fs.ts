import { basename, dirname } from 'node:path';
import type { SpoolFile, SpoolFs } from '../../../ingress/spool/file-system.js';

export type FsCall = 'create' | 'write' | 'datasync' | 'truncate' | 'read' | 'rename' | 'remove' | 'syncDir';

type Inode = {
  data: Buffer;
  /** Content after a power failure. */
  synced: Buffer;
  isNameSynced: boolean;
};

/** A file system in memory. It loses unsynced data at a crash, and fails or waits where the test says so. */
export class MemoryFs implements SpoolFs {
  readonly files = new Map<string, Inode>();
  /** Calls in the order of their beginning. */
  readonly calls: FsCall[] = [];
  /** Runs before each call: throw or wait to simulate the disk. */
  before: (call: FsCall, path: string) => void | Promise<void> = () => undefined;
  /** Size of the disk. A write that does not fit is partial and fails. */
  capacityBytes = Infinity;

  /** Simulates a power failure. At most `torn` unsynced bytes of each file remain. */
  crash(torn = 0): void {
    for (const [path, inode] of this.files) {
      if (!inode.isNameSynced) {
        this.files.delete(path);
        continue;
      }
      inode.data = Buffer.from(inode.data.subarray(0, inode.synced.length + torn));
      inode.synced = Buffer.from(inode.data);
    }
    this.before = () => undefined;
  }

  put(path: string, data: Buffer): void {
    this.files.set(path, { data, synced: data, isNameSynced: true });
  }

  bytesOf(path: string): Buffer {
    const inode = this.files.get(path);
    if (inode === undefined) throw noEntry(path);
    return inode.data;
  }

  paths(test: RegExp = /\.spool$/): string[] {
    return [...this.files.keys()].filter((path) => test.test(path)).sort();
  }

  readonly makeDir = (): Promise<void> => Promise.resolve();

  readonly create = async (path: string): Promise<SpoolFile> => {
    await this.enter('create', path);
    const inode: Inode = { data: Buffer.alloc(0), synced: Buffer.alloc(0), isNameSynced: false };
    this.files.set(path, inode);
    return this.file(path, inode);
  };

  readonly open = async (path: string): Promise<SpoolFile> => {
    await Promise.resolve();
    const inode = this.files.get(path);
    if (inode === undefined) throw noEntry(path);
    return this.file(path, inode);
  };

  readonly list = (dir: string) =>
    Promise.resolve(
      [...this.files]
        .filter(([path]) => dirname(path) === dir)
        .map(([path, { data }]) => ({ name: basename(path), bytes: data.length })),
    );

  readonly rename = async (from: string, to: string): Promise<void> => {
    await this.enter('rename', from);
    const inode = this.files.get(from);
    if (inode === undefined) throw noEntry(from);
    this.files.delete(from);
    this.files.set(to, inode);
  };

  readonly remove = async (path: string): Promise<void> => {
    await this.enter('remove', path);
    this.files.delete(path);
  };

  readonly syncDir = async (dir: string): Promise<void> => {
    await this.enter('syncDir', dir);
    for (const [path, inode] of this.files) if (dirname(path) === dir) inode.isNameSynced = true;
  };

  private async enter(call: FsCall, path: string): Promise<void> {
    this.calls.push(call);
    await this.before(call, path);
  }

  private file(path: string, inode: Inode): SpoolFile {
    return {
      write: async (bytes, position) => {
        await this.enter('write', path);
        const used = [...this.files.values()].reduce((sum, { data }) => sum + data.length, 0);
        const fitting = Math.max(0, Math.min(bytes.length, this.capacityBytes - used));
        inode.data = Buffer.concat([inode.data.subarray(0, position), bytes.subarray(0, fitting)]);
        if (fitting < bytes.length) throw diskError('ENOSPC');
      },
      datasync: async () => {
        await this.enter('datasync', path);
        inode.synced = Buffer.from(inode.data);
      },
      truncate: async (bytes) => {
        await this.enter('truncate', path);
        inode.data = Buffer.from(inode.data.subarray(0, bytes));
      },
      read: async (bytes, position) => {
        await this.enter('read', path);
        return Buffer.from(inode.data.subarray(position, position + bytes));
      },
      close: () => Promise.resolve(),
    };
  }
}

export function diskError(code: 'ENOSPC' | 'EIO' | 'EROFS'): Error {
  return Object.assign(new Error(`${code}: the disk`), { code });
}

function noEntry(path: string): Error {
  return Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
}
