import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file with positional reads and writes. */
export type SpoolFile = {
  /** Writes all bytes. After a failure any part of them may be written. */
  readonly write: (bytes: Buffer, position: number) => Promise<void>;
  /** Resolves once all written bytes survive a power failure. */
  readonly datasync: () => Promise<void>;
  readonly truncate: (bytes: number) => Promise<void>;
  /** Returns fewer bytes only at the end of the file. */
  readonly read: (bytes: number, position: number) => Promise<Buffer>;
  readonly close: () => Promise<void>;
};

/** The file system as the spool uses it. Every call may reject with an error that has a `code`, as in Node. */
export type SpoolFs = {
  readonly makeDir: (dir: string) => Promise<void>;
  /** Creates a file for reading and writing. */
  readonly create: (path: string) => Promise<SpoolFile>;
  /** Opens an existing file for reading. */
  readonly open: (path: string) => Promise<SpoolFile>;
  /** Names and sizes of the files in a folder. */
  readonly list: (dir: string) => Promise<readonly { readonly name: string; readonly bytes: number }[]>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
  /** Resolves once files created or renamed in the folder survive a power failure. */
  readonly syncDir: (dir: string) => Promise<void>;
};

/** This machine's file system. */
export const nodeFs: SpoolFs = {
  makeDir: async (dir) => {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  },
  create: (path) => openFile(path, 'wx+'),
  open: (path) => openFile(path, 'r'),
  list: async (dir) => {
    const entries = await readdir(dir, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return Promise.all(files.map(async ({ name }) => ({ name, bytes: (await stat(join(dir, name))).size })));
  },
  rename,
  remove: (path) => rm(path, { force: true }),
  syncDir: async (dir) => {
    const handle = await open(dir, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

async function openFile(path: string, flags: string): Promise<SpoolFile> {
  // Events may be confidential: no other user may read them.
  const handle = await open(path, flags, 0o600);
  return {
    write: async (bytes, position) => {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    },
    datasync: () => handle.datasync(),
    truncate: (bytes) => handle.truncate(bytes),
    read: async (bytes, position) => {
      const into = Buffer.allocUnsafe(bytes);
      let done = 0;
      while (done < bytes) {
        const { bytesRead } = await handle.read(into, done, bytes - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return into.subarray(0, done);
    },
    close: () => handle.close(),
  };
}
