import type { Bucket } from '../../../lab/bucket.js';
import type { BenchSite } from '../../site/bench-site.js';
import type { SourceProcess } from '../source/source-process.js';

/** The session of a recording, and the link to download it. */
export type RecordingLink = { readonly sessionId: string; readonly url: string };

/** Where a contender runs: a source, and a bucket of its own. Each run gets new ones. */
export type ArchiveSite = {
  readonly site: BenchSite;
  readonly source: SourceProcess;
  readonly bucket: Bucket;
  /** Maximum of recordings that it may transfer at once. */
  readonly concurrency: number;
};

export type RunningArchive = {
  readonly pid: number;
  /** Folder where it keeps recordings on disk; absent if it keeps none. */
  readonly spillDir?: string;
  /**
   * Tells the contender about recordings, earliest deadline first, before it may start with any of them. Resolves to a function that
   * lets it start, and that resolves once the contender reports all of them as stored.
   */
  readonly announce: (links: readonly RecordingLink[]) => Promise<() => Promise<void>>;
  readonly stop: () => Promise<void>;
};

/** A program that copies recordings into a bucket: the archive, or what a user would write instead. */
export type ArchiveContender = {
  readonly name: string;
  /** Resolves when it is ready. */
  readonly start: (site: ArchiveSite) => Promise<RunningArchive>;
};
