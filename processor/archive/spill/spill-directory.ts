import { access, link, mkdir, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../../infra/async/clock.js';
import type { FetchedRecording } from '../recording/fetched-recording.js';
import { removeCopy, removeLeftovers, removeObsolete } from './leftovers.js';
import { isIntact, manifestPath, readManifest, writeManifest } from './manifest.js';
import { isAbandoned, leftFolderName, newFolderName, processFolders, type ProcessFolder } from './process-folder.js';
import { RecentSet } from './recent-set.js';
import type { SpillBudget } from './spill-budget.js';
import { SpillFile } from './spill-file.js';

/** A recording that is complete on disk. */
export type SpilledRecording = { readonly spill: SpillFile; readonly recording: FetchedRecording };

export type SpillDirectoryOptions = {
  readonly root: string;
  /** How long (ms) a process of another host may leave its folder untouched before it counts as gone. */
  readonly maxSilenceMs: number;
  /** How long (ms) complete recordings of a process that is gone wait to be adopted. */
  readonly keepMs: number;
  /** Limits the files of this process. Default: none. */
  readonly budget?: SpillBudget;
  readonly clock?: Clock;
};

/** Number of archived recordings that are remembered, in about 6 MB. */
const MAX_REMEMBERED = 50_000;
/** As a lower bound of a time: any time qualifies. */
const ANY_TIME = -Infinity;

/**
 * Holds recordings between source and object store. Each process has its own folder, so several processes can share `root`.
 *
 * A complete recording is adopted by whoever archives it next, also after a crash: its link may have expired by then. Adopting creates
 * a hard link, so a process that still works on the recording loses nothing, and no lock is needed.
 */
export class SpillDirectory {
  readonly root: string;
  private readonly own: string;
  private readonly clock: Clock;
  private files = 0;
  /** The file that the manifest of a fingerprint refers to: a recording may be in progress twice. */
  private readonly kept = new Map<string, SpillFile>();
  /** If a process dies with a copy of one of these, nobody adopts the copy: the recording is not read again. */
  private readonly archived = new RecentSet(MAX_REMEMBERED);

  constructor(private readonly options: SpillDirectoryOptions) {
    this.root = options.root;
    this.own = join(options.root, newFolderName());
    this.clock = options.clock ?? systemClock;
  }

  /**
   * Creates the folder of this process and removes incomplete recordings of dead ones.
   * @throws Error if `root` is not writable: the settings are wrong or the disk is full.
   */
  async open(): Promise<void> {
    await mkdir(this.own, { recursive: true, mode: 0o700 });
    // Keep complete recordings, however old: the downtime may have been long, and they can be adopted now.
    await this.removeAbandoned(ANY_TIME);
  }

  /** Shows that this process lives and removes what dead ones have left. Call it regularly, more often than every `maxSilenceMs`. */
  async tidy(): Promise<void> {
    const now = this.clock.now();
    await mkdir(this.own, { recursive: true, mode: 0o700 });
    await utimes(this.own, new Date(now), new Date(now));
    await this.removeArchived();
    await this.removeAbandoned(now - this.options.keepMs);
  }

  create(): SpillFile {
    this.files += 1;
    return new SpillFile(join(this.own, `${this.files}.audio`), this.options.budget);
  }

  /**
   * Marks a recording as complete, so that it outlives this process. It survives a power cut only after {@link SpillFile.sync}.
   * @throws Error of the file system: then the recording does not outlive this process.
   */
  async keep(fingerprint: string, { spill, recording: { bytes, sha256, audio } }: SpilledRecording): Promise<void> {
    const path = manifestPath(this.own, fingerprint);
    await writeManifest(path, { file: spill.name, bytes, sha256, audio });
    this.kept.set(fingerprint, spill);
    spill.manifest = path;
    spill.beforeRemoval = async () => {
      if (this.kept.get(fingerprint) !== spill) return;
      this.kept.delete(fingerprint);
      await rm(path, { force: true });
    };
  }

  /** Whether a recording is complete in the folder of any process. */
  async has(fingerprint: string): Promise<boolean> {
    for (const { path } of await processFolders(this.root)) {
      if (await exists(manifestPath(path, fingerprint))) return true;
    }
    return false;
  }

  /** Adopts a recording that is complete in the folder of any process, dead or alive; `undefined` if there is none. */
  async adopt(fingerprint: string): Promise<SpilledRecording | undefined> {
    for (const folder of await processFolders(this.root)) {
      const found = await this.adoptFrom(folder, fingerprint);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * Removes the copies that dead processes have of an archived recording. A live process keeps its copy; if the process dies with it,
   * the next {@link tidy} or {@link close} removes it.
   */
  async discard(fingerprint: string): Promise<void> {
    this.archived.add(fingerprint);
    for (const folder of await processFolders(this.root)) {
      if (folder.path === this.own || !(await exists(manifestPath(folder.path, fingerprint)))) continue;
      if (await this.isAbandoned(folder)) await removeCopy(folder.path, fingerprint);
    }
  }

  /** Leaves complete recordings that are not known to be archived to the next process, and removes everything else. */
  async close(): Promise<void> {
    await this.removeArchived();
    await removeLeftovers(this.own, ANY_TIME);
    // Fails, as intended, if the folder was empty and is removed.
    await rename(this.own, join(this.root, leftFolderName())).catch(() => undefined);
  }

  private async adoptFrom(folder: ProcessFolder, fingerprint: string): Promise<SpilledRecording | undefined> {
    const manifest = await readManifest(manifestPath(folder.path, fingerprint));
    if (manifest === undefined) return undefined;
    const { bytes, sha256, audio } = manifest;
    const spill = this.create();
    const adopted = { spill, recording: { path: spill.path, bytes, sha256, audio } };
    try {
      await link(join(folder.path, manifest.file), spill.path);
      if (await isIntact(spill.path, manifest)) {
        spill.count(bytes);
        await this.keep(fingerprint, adopted);
        if (folder.path !== this.own && (await this.isAbandoned(folder))) await removeCopy(folder.path, fingerprint);
        return adopted;
      }
    } catch {
      // The file was removed meanwhile, or the disk failed: download the recording instead.
    }
    await spill.remove();
    return undefined;
  }

  private async removeArchived(): Promise<void> {
    for (const { path } of await this.abandonedFolders()) {
      await removeObsolete(path, (fingerprint) => this.archived.has(fingerprint));
    }
  }

  private async removeAbandoned(completedSince: number): Promise<void> {
    for (const { path } of await this.abandonedFolders()) await removeLeftovers(path, completedSince);
  }

  private async abandonedFolders(): Promise<ProcessFolder[]> {
    const abandoned: ProcessFolder[] = [];
    for (const folder of await processFolders(this.root)) {
      if (folder.path !== this.own && (await this.isAbandoned(folder))) abandoned.push(folder);
    }
    return abandoned;
  }

  private isAbandoned(folder: ProcessFolder): Promise<boolean> {
    return isAbandoned(folder, this.clock.now() - this.options.maxSilenceMs);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
