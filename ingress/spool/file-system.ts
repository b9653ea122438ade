import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that is written and read at given places. */
export type SpoolFile = {
  /** Writes all of the bytes, or fails with any part of them written. */
  readonly write: (bytes: Buffer, position: number) => Promise<void>;
  /** Resolves once what was written survives a loss of power. */
  readonly datasync: () => Promise<void>;
  readonly truncate: (bytes: number) => Promise<void>;
  /** Fewer bytes than asked for at the end of the file only. */
  readonly read: (bytes: number, position: number) => Promise<Buffer>;
  readonly close: () => Promise<void>;
};

/** What the spool needs of a file system; every call may reject with a `code`, as those of Node do. */
export type SpoolFs = {
  readonly makeDir: (dir: string) => Promise<void>;
  /** A new file for reading and writing. */
  readonly create: (path: string) => Promise<SpoolFile>;
  /** An existing file for reading. */
  readonly open: (path: string) => Promise<SpoolFile>;
  /** Names and sizes of the files of a folder. */
  readonly list: (dir: string) => Promise<readonly { readonly name: string; readonly bytes: number }[]>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
  /** Resolves once files made or renamed in the folder survive a loss of power. */
  readonly syncDir: (dir: string) => Promise<void>;
};

/** The file system of this machine. */
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
  // What senders told is for the eyes of this user alone.
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
