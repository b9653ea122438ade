import { setTimeout as delay } from 'node:timers/promises';
import { scrape } from '../../lab/scrape.js';
import { injectFaults, type FaultCounts, type StartedFault } from '../faults-in-turn.js';
import { between, type Random } from '../../lab/random.js';
import type { ProcessorUnderTest } from '../processor-under-test.js';
import type { MisbehavingSource } from './misbehaving-source.js';
import type { StoreUnderTest } from './store-under-test.js';

export type FaultKind = 'archiver killed' | 'store killed' | 'store hung' | 'source away';

export type ArchiveFaults = FaultCounts<FaultKind> & { readonly sourceAwayMs: number; readonly storeHungMs: number };

export type FaultContext = {
  readonly archivers: readonly ProcessorUnderTest[];
  readonly store: StoreUnderTest;
  readonly source: MisbehavingSource;
  readonly random: Random;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

/** Kills, and how many of them met a transfer or an upload that was under way. */
export type FaultTally = Record<FaultKind, { count: number; inTransfer: number }>;

const ACTIVE_METRICS = { downloads: 'archive_active_downloads', uploads: 'archive_active_uploads' };
const LOOK_MS = 20;
/** A kill waits so long for something to be under way. */
const MOST_WAIT_MS = 1_500;
/** How long a program that was killed stays away. */
const AWAY_MS = { from: 0, to: 3_000 };

/** Lets the faults come in the order of the seed; resolves, when the last is over and all run again, to what was met. */
export async function runArchiveFaults(faults: ArchiveFaults, context: FaultContext): Promise<FaultTally> {
  const tally: FaultTally = {
    'archiver killed': { count: 0, inTransfer: 0 },
    'store killed': { count: 0, inTransfer: 0 },
    'store hung': { count: 0, inTransfer: 0 },
    'source away': { count: 0, inTransfer: 0 },
  };
  await injectFaults(faults, (kind) => start(kind, faults, context, tally[kind]), context);
  return tally;
}

async function start(
  kind: FaultKind,
  { sourceAwayMs, storeHungMs }: ArchiveFaults,
  { archivers, store, source, random, signal }: FaultContext,
  tally: FaultTally[FaultKind],
): Promise<StartedFault> {
  const awayMs = between(random, AWAY_MS.from, AWAY_MS.to);
  const running = archivers.filter(({ isRunning }) => isRunning);
  const one = running[Math.floor(random() * running.length)];
  tally.count += 1;
  switch (kind) {
    case 'archiver killed': {
      // All of them were killed within the last seconds.
      if (one === undefined) return { told: 'no archiver runs', over: Promise.resolve() };
      if (await untilActive([one], 'downloads', signal)) tally.inTransfer += 1;
      await one.kill();
      return {
        told: `archiver ${one.port} killed`,
        over: delay(awayMs, undefined, { signal }).then(() => one.start()),
      };
    }
    case 'store killed':
      if (await untilActive(running, 'uploads', signal)) tally.inTransfer += 1;
      await store.kill();
      return { told: 'store killed', over: delay(awayMs, undefined, { signal }).then(() => store.start(signal)) };
    case 'store hung':
      if (await untilActive(running, 'uploads', signal)) tally.inTransfer += 1;
      await store.hang();
      return { told: 'store hung', over: delay(storeHungMs, undefined, { signal }).then(() => store.goOn()) };
    case 'source away':
      if (await untilActive(running, 'downloads', signal)) tally.inTransfer += 1;
      source.goAway();
      return { told: 'source away', over: delay(sourceAwayMs, undefined, { signal }).then(() => source.comeBack()) };
    default:
      return kind satisfies never;
  }
}

/** Waits until one of the archivers has something under way; resolves to whether that came to be. */
async function untilActive(
  archivers: readonly ProcessorUnderTest[],
  what: keyof typeof ACTIVE_METRICS,
  signal: AbortSignal,
): Promise<boolean> {
  const end = performance.now() + MOST_WAIT_MS;
  while (performance.now() < end) {
    const active = await Promise.all(archivers.map(({ port }) => scrape(port, ACTIVE_METRICS[what])));
    if (active.some((count) => count !== undefined && count > 0)) return true;
    await delay(LOOK_MS, undefined, { signal });
  }
  return false;
}
