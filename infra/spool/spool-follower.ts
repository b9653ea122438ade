import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStreamFolder } from './partition-folders.js';
import type { SpooledRecord } from './record-codec.js';
import { NewerSpoolError, parseSegmentFileName } from './segment-files.js';
import { SegmentTail } from './segment-tail.js';

/** Receives what a look at the spool has found. */
export type SpoolListener = {
  /** Segments are named by their file, which keeps its name when another worker adopts it. */
  readonly onRecords: (segment: string, records: readonly SpooledRecord[]) => void;
  /** The segment has been drained: Kafka has all of its records. */
  readonly onGone: (segment: string) => void;
  /** A segment cannot be read. It is tried again at the next look. */
  readonly onFault: (path: string, error: unknown) => void;
};

/** A segment that moves between two folders can be missing in one listing. */
const LOOKS_UNTIL_GONE = 2;

type Followed = { readonly tail: SegmentTail; missed: number };

/** Reads the events in the spools of all workers below one folder, as they grow. Changes nothing there. */
export class SpoolFollower {
  private readonly segments = new Map<string, Followed>();

  constructor(
    private readonly root: string,
    private readonly listener: SpoolListener,
  ) {}

  /**
   * Reports what is new since the last look. One call at a time.
   * @param wantsMore asked before each read, so that the caller can leave the rest for later looks.
   */
  async look(wantsMore: () => boolean): Promise<void> {
    const found = await segmentFiles(this.root);
    for (const [name, segment] of this.segments) {
      segment.missed = found.has(name) ? 0 : segment.missed + 1;
      if (segment.missed < LOOKS_UNTIL_GONE) continue;
      this.segments.delete(name);
      this.listener.onGone(name);
    }
    // Their names begin with the time of their creation.
    for (const [name, file] of [...found].sort(([a], [b]) => (a < b ? -1 : 1))) await this.read(name, file, wantsMore);
  }

  private async read(name: string, { path, bytes }: SegmentFile, wantsMore: () => boolean): Promise<void> {
    const parsed = parseSegmentFileName(name);
    if (parsed === undefined) return;
    let segment = this.segments.get(name);
    if (segment === undefined) this.segments.set(name, (segment = { tail: new SegmentTail(parsed), missed: 0 }));
    try {
      while (wantsMore()) {
        const records = await segment.tail.read(path, bytes);
        if (records.length === 0) return;
        this.listener.onRecords(name, records);
      }
    } catch (error) {
      const isDrained = !(error instanceof NewerSpoolError) && (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isDrained) this.listener.onFault(path, error);
    }
  }
}

export type SegmentFile = { readonly path: string; readonly bytes: number };

/** The segments with events below a spool's folder, by file name. Empty while the folder cannot be read. */
export async function segmentFiles(root: string): Promise<Map<string, SegmentFile>> {
  const found = new Map<string, SegmentFile>();
  for (const worker of await readdir(root).catch(() => [])) {
    // With those of single partitions.
    const entries = await readdir(join(root, worker)).catch(() => []);
    const folders = entries.filter((entry) => parseStreamFolder(entry)?.stream === 'events');
    for (const folder of folders) await addSegments(join(root, worker, folder), found);
  }
  return found;
}

async function addSegments(dir: string, found: Map<string, SegmentFile>): Promise<void> {
  for (const name of await readdir(dir).catch(() => [])) {
    if (parseSegmentFileName(name) === undefined) continue;
    const path = join(dir, name);
    const size = await stat(path).then(
      (stats) => stats.size,
      () => undefined,
    );
    if (size !== undefined) found.set(name, { path, bytes: size });
  }
}
