import type { BenchSite } from '../../site/bench-site.js';
import type { Bucket } from '../../../lab/bucket.js';
import type { SourceProcess } from '../source/source-process.js';

/** A recording by its number, and where it can be had. */
export type RecordingLink = { readonly sessionId: string; readonly url: string };

/** Where a contender works: a source, and a bucket that is its own. Each run has new ones. */
export type ArchiveSite = {
  readonly site: BenchSite;
  readonly source: SourceProcess;
  readonly bucket: Bucket;
  /** Recordings that it may bring over at the same time. */
  readonly concurrency: number;
};

export type RunningArchive = {
  readonly pid: number;
  /** Where it keeps recordings on disk, if it does. */
  readonly spillDir?: string;
  /**
   * Makes the recordings known to it, those that are due first first, before it begins with any; resolves to what lets it begin, and
   * itself resolves when it says that all are in the bucket.
   */
  readonly announce: (links: readonly RecordingLink[]) => Promise<() => Promise<void>>;
  readonly stop: () => Promise<void>;
};

/** What brings recordings into a bucket: the archive, or what a user would write instead. */
export type ArchiveContender = {
  readonly name: string;
  /** Resolves when it is ready. */
  readonly start: (site: ArchiveSite) => Promise<RunningArchive>;
};
