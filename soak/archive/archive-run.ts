import type { ArchiveFaults } from './archive-faults.js';
import type { SizeClass } from './recording-plan.js';

/** One run: the recordings to archive, and the faults meanwhile. */
export type ArchiveRun = {
  /** Lifetime of a link: `ARCHIVE_URL_LIFETIME_MS`. */
  readonly lifetimeMs: number;
  /** Number of recordings that are announced during the faults. */
  readonly count: number;
  readonly perSecond: number;
  readonly sizes: readonly SizeClass[];
  /** Number of transfers that the source cuts. */
  readonly cuts: number;
  readonly faults: ArchiveFaults;
  readonly outage: StoreOutage;
};

/** An outage of the object store: from before some recordings are announced until all their links have expired. */
export type StoreOutage = {
  readonly count: number;
  readonly sizes: readonly SizeClass[];
  /**
   * When an archiver is killed, in link lifetimes after the last announcement. Late enough that the links have expired when its group
   * notices after 10 s: then only the files on its disk are left.
   */
  readonly killAt: number;
  /** When the object store returns, in the same unit: a while after the killed archiver's recordings have been read again. */
  readonly backAt: number;
};

const KB = 1_000;
const MB = 1_000_000;

/** 2,000 recordings and over 300 faults: 290 cuts, 28 kills, and 4 times each a hanging object store and a source that is down. */
export const FULL: ArchiveRun = {
  lifetimeMs: 120_000,
  count: 2_000,
  perSecond: 5,
  cuts: 290,
  sizes: [
    { share: 0.9, from: KB, to: 2 * MB },
    { share: 0.08, from: 2 * MB, to: 50 * MB },
    { share: 0.02, from: 50 * MB, to: 200 * MB },
  ],
  faults: {
    counts: { 'archiver killed': 12, 'store killed': 16, 'store hung': 4, 'source down': 4 },
    gapMs: { from: 7_000, to: 14_000 },
    sourceDownMs: 12_000,
    storeHungMs: 10_000,
  },
  outage: { count: 200, sizes: [{ share: 1, from: KB, to: 20 * MB }], killAt: 1.05, backAt: 1.2 },
};

/** One fault of each kind: a killed member stalls its group for 10 s, and links that live for 20 s could not survive a second one. */
export const QUICK: ArchiveRun = {
  lifetimeMs: 20_000,
  count: 64,
  perSecond: 6,
  cuts: 16,
  sizes: [
    { share: 0.9, from: KB, to: MB },
    { share: 0.1, from: MB, to: 20 * MB },
  ],
  faults: {
    counts: { 'archiver killed': 1, 'store killed': 1, 'store hung': 1, 'source down': 1 },
    gapMs: { from: 1_500, to: 3_000 },
    sourceDownMs: 2_000,
    storeHungMs: 3_000,
  },
  outage: { count: 20, sizes: [{ share: 1, from: KB, to: 5 * MB }], killAt: 0.6, backAt: 1.15 },
};
