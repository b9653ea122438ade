import { access, link, mkdir, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { MostRecent } from '../intake/most-recent.js';
import type { FetchedRecording } from '../store/recording-store.js';
import { removeCopy, removeLeftOvers, removeNeedless } from './left-overs.js';
import { isIntact, manifestPath, readManifest, writeManifest } from './manifest.js';
import { isAbandoned, leftFolderName, newFolderName, processFolders, type ProcessFolder } from './process-folder.js';
import { SpillFile } from './spill-file.js';

/** A recording that is complete on disk. */
export type SpilledRecording = { readonly spill: SpillFile; readonly recording: FetchedRecording };

export type SpillDirectoryOptions = {
  readonly root: string;
  /** How long (ms) a process of another machine may leave its folder untouched before it counts as gone. */
  readonly silentMs: number;
  /** How long (ms) complete recordings of a process that is gone wait to be taken up. */
  readonly keepMs: number;
};

/** So many recordings are remembered as archived; some 6 MB. */
const REMEMBERED = 50_000;

/**
 * Where recordings wait between the source and the store: a folder for each process, so that several can share `root`.
 *
 * A recording that is complete is taken up by whoever gets to archive it next, also after a crash: its link may be dead by then.
 * The file is shared by a hard link, so a process that still works on it loses nothing, and no lock is needed.
 */
export class SpillDirectory {
  private readonly own: string;
  private files = 0;
  /** The file that the manifest of a fingerprint speaks of: one recording may be under way twice. */
  private readonly kept = new Map<string, SpillFile>();
  /** Whoever dies with a copy of one of them leaves it for good: nobody reads the recording again. */
  private readonly archived = new MostRecent(REMEMBERED);

  constructor(private readonly options: SpillDirectoryOptions) {
    this.own = join(options.root, newFolderName());
  }

  /**
   * Makes the folder, and removes what dead processes have left incomplete.
   * @throws Error when `root` cannot be written: the settings are wrong or the disk is full.
   */
  async open(): Promise<void> {
    await mkdir(this.own, { recursive: true, mode: 0o700 });
    // Complete recordings have a chance first, however old: it may have been a long downtime.
    await this.removeAbandoned(Infinity);
  }

  /** To be called now and then, with a good part of `silentMs` in between: shows that we live, and removes what the dead have left. */
  async tidy(): Promise<void> {
    const now = new Date();
    await mkdir(this.own, { recursive: true, mode: 0o700 });
    await utimes(this.own, now, now);
    await this.removeArchived();
    await this.removeAbandoned(this.options.keepMs);
  }

  create(): SpillFile {
    this.files += 1;
    return new SpillFile(join(this.own, `${this.files}.audio`));
  }

  /**
   * Notes that a recording is complete, so that it outlives this process. It does not outlive the machine's before {@link SpillFile.sync}.
   * @throws Error of the file system: then it does not.
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

  /** Takes up a recording that is complete in the folder of any process, dead or alive. */
  async adopt(fingerprint: string): Promise<SpilledRecording | undefined> {
    for (const folder of await processFolders(this.options.root)) {
      const found = await this.adoptFrom(folder, fingerprint);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * Removes what dead processes have of a recording that is in the store. What a live one has is its own business; should it die with it,
   * the next {@link tidy} or {@link close} removes it.
   */
  async discard(fingerprint: string): Promise<void> {
    this.archived.add(fingerprint);
    for (const folder of await processFolders(this.options.root)) {
      if (folder.path === this.own || !(await exists(manifestPath(folder.path, fingerprint)))) continue;
      if (await isAbandoned(folder, this.options.silentMs)) await removeCopy(folder.path, fingerprint);
    }
  }

  /** Leaves what is complete, and not known to be in the store, to whoever comes next, and removes all else. */
  async close(): Promise<void> {
    await this.removeArchived();
    await removeLeftOvers(this.own, Infinity);
    // Not there any more when nothing is left.
    await rename(this.own, join(this.options.root, leftFolderName())).catch(() => undefined);
  }

  private async adoptFrom(folder: ProcessFolder, fingerprint: string): Promise<SpilledRecording | undefined> {
    const note = manifestPath(folder.path, fingerprint);
    const manifest = await readManifest(note);
    if (manifest === undefined) return undefined;
    const { bytes, sha256, audio } = manifest;
    const theirs = join(folder.path, manifest.file);
    const spill = this.create();
    const adopted = { spill, recording: { path: spill.path, bytes, sha256, audio } };
    try {
      await link(theirs, spill.path);
      if (await isIntact(spill.path, manifest)) {
        await this.keep(fingerprint, adopted);
        if (folder.path !== this.own && (await isAbandoned(folder, this.options.silentMs))) {
          await removeCopy(folder.path, fingerprint);
        }
        return adopted;
      }
    } catch {
      // Gone meanwhile, or the disk does not take it: the link is what remains.
    }
    await spill.remove();
    return undefined;
  }

  private async removeArchived(): Promise<void> {
    for (const { path } of await this.abandoned()) {
      await removeNeedless(path, (fingerprint) => this.archived.has(fingerprint));
    }
  }

  private async removeAbandoned(mostAgeMs: number): Promise<void> {
    for (const { path } of await this.abandoned()) await removeLeftOvers(path, mostAgeMs);
  }

  private async abandoned(): Promise<ProcessFolder[]> {
    const abandoned: ProcessFolder[] = [];
    for (const folder of await processFolders(this.options.root)) {
      if (folder.path !== this.own && (await isAbandoned(folder, this.options.silentMs))) abandoned.push(folder);
    }
    return abandoned;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
