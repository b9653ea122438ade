import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SpillFile } from './spill-file.js';

/**
 * Where recordings wait between the source and the store: one folder for each process, so that several can share `root`, and a crash
 * leaves nothing that cannot be told from work under way.
 */
export class SpillDirectory {
  /** Folders that are in use in this process. */
  private static readonly live = new Set<string>();
  private readonly own: string;
  private files = 0;

  constructor(private readonly root: string) {
    this.own = join(root, folderName(hostname(), process.pid));
  }

  /**
   * Makes the folder, and removes those that crashed processes have left.
   *
   * @param staleMs a folder of another machine, which cannot be asked, is left behind when nothing has come into it for so long.
   * @throws Error when `root` cannot be written: the settings are wrong or the disk is full.
   */
  async open(staleMs: number): Promise<void> {
    SpillDirectory.live.add(this.own);
    await mkdir(this.own, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.root)) {
      const path = join(this.root, name);
      if (!SpillDirectory.live.has(path) && (await isLeftOver(name, path, staleMs)))
        await rm(path, { recursive: true, force: true });
    }
  }

  create(): SpillFile {
    this.files += 1;
    return new SpillFile(join(this.own, `${this.files}.audio`));
  }

  /** Removes the folder with all that is in it. */
  async close(): Promise<void> {
    await rm(this.own, { recursive: true, force: true });
    SpillDirectory.live.delete(this.own);
  }
}

function folderName(host: string, pid: number): string {
  return `${host}_${pid}_${randomBytes(4).toString('hex')}`;
}

async function isLeftOver(name: string, path: string, staleMs: number): Promise<boolean> {
  const match = /^(.+)_(\d+)_[0-9a-f]{8}$/.exec(name);
  // Not ours: the operator may have chosen a folder with other things in it.
  if (match === null) return false;
  const [, host, pid] = match;
  if (host === hostname() && !isAlive(Number(pid))) return true;
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs > staleMs;
}

/** A folder of this very process id belongs to an earlier process: in a container the id is always the same. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
