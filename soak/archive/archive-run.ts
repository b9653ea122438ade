import type { ArchiveFaults } from './archive-faults.js';
import type { SizeClass } from './recording-plan.js';

/** One run: what is to be archived, and what comes in between. */
export type ArchiveRun = {
  /** A link's life: `ARCHIVE_URL_LIFETIME_MS`. */
  readonly lifeMs: number;
  /** Recordings that come in while faults do. */
  readonly count: number;
  readonly perSecond: number;
  readonly sizes: readonly SizeClass[];
  /** Transfers that the source cuts. */
  readonly cuts: number;
  readonly faults: ArchiveFaults;
  readonly outage: StoreOutage;
};

/** The store goes away before the first of some recordings is announced, and comes back when all their links are dead. */
export type StoreOutage = {
  readonly count: number;
  readonly sizes: readonly SizeClass[];
  /**
   * When an archiver is killed: at the latest when its group misses it, after 10 s, the links are dead, and what it had on its disk is all
   * that there is. In lives of a link after the last was announced, as is the next.
   */
  readonly killAt: number;
  /** When the store is back: a while after the recordings of the one that was killed have been read again. */
  readonly backAt: number;
};

const KB = 1_000;
const MB = 1_000_000;

/** 2,000 recordings, 290 cuts, 12 and 16 kills, 4 times a store that hangs and 4 without the source: 300 faults and more. */
export const FULL: ArchiveRun = {
  ...{ lifeMs: 120_000, count: 2_000, perSecond: 5, cuts: 290 },
  sizes: [
    { share: 0.9, from: KB, to: 2 * MB },
    { share: 0.08, from: 2 * MB, to: 50 * MB },
    { share: 0.02, from: 50 * MB, to: 200 * MB },
  ],
  faults: {
    counts: { 'archiver killed': 12, 'store killed': 16, 'store hung': 4, 'source away': 4 },
    ...{ gapMs: { from: 7_000, to: 14_000 }, sourceAwayMs: 12_000, storeHungMs: 10_000 },
  },
  outage: { count: 200, sizes: [{ share: 1, from: KB, to: 20 * MB }], killAt: 1.05, backAt: 1.2 },
};

/** A member that is killed keeps its group waiting for 10 s: with lives of 20 s more than one such fault would be no fair race. */
export const QUICK: ArchiveRun = {
  ...{ lifeMs: 20_000, count: 64, perSecond: 6, cuts: 16 },
  sizes: [
    { share: 0.9, from: KB, to: MB },
    { share: 0.1, from: MB, to: 20 * MB },
  ],
  faults: {
    counts: { 'archiver killed': 1, 'store killed': 1, 'store hung': 1, 'source away': 1 },
    ...{ gapMs: { from: 1_500, to: 3_000 }, sourceAwayMs: 2_000, storeHungMs: 3_000 },
  },
  outage: { count: 20, sizes: [{ share: 1, from: KB, to: 5 * MB }], killAt: 0.6, backAt: 1.15 },
};
