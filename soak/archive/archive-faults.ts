import { setTimeout as delay } from 'node:timers/promises';
import { between, type Random } from '../../lab/random.js';
import { scrape } from '../../lab/scrape.js';
import { injectFaults, type FaultCounts, type StartedFault } from '../faults-in-turn.js';
import type { ProcessorUnderTest } from '../processor-under-test.js';
import type { MisbehavingSource } from './misbehaving-source.js';
import type { StoreUnderTest } from './store-under-test.js';

export type FaultKind = 'archiver killed' | 'store killed' | 'store hung' | 'source down';

export type ArchiveFaults = FaultCounts<FaultKind> & { readonly sourceDownMs: number; readonly storeHungMs: number };

export type ArchiveFaultsDeps = {
  readonly archivers: readonly ProcessorUnderTest[];
  readonly store: StoreUnderTest;
  readonly source: MisbehavingSource;
  readonly random: Random;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

/** Number of faults, and how many of them came during a download or upload. */
export type FaultTally = Record<FaultKind, { count: number; inTransfer: number }>;

const ACTIVE_METRICS = { downloads: 'archive_active_downloads', uploads: 'archive_active_uploads' };
const SCRAPE_INTERVAL_MS = 20;
/** Maximum time that a fault waits for an active transfer. */
const MAX_WAIT_MS = 1_500;
/** How long a killed program stays down. */
const DOWN_MS = { from: 0, to: 3_000 };

/** Injects the faults in the order of the seed. Resolves when the last one is over and everything runs again. */
export async function runArchiveFaults(faults: ArchiveFaults, deps: ArchiveFaultsDeps): Promise<FaultTally> {
  const tally: FaultTally = {
    'archiver killed': { count: 0, inTransfer: 0 },
    'store killed': { count: 0, inTransfer: 0 },
    'store hung': { count: 0, inTransfer: 0 },
    'source down': { count: 0, inTransfer: 0 },
  };
  await injectFaults(faults, (kind) => start(kind, faults, deps, tally[kind]), deps);
  return tally;
}

async function start(
  kind: FaultKind,
  { sourceDownMs, storeHungMs }: ArchiveFaults,
  { archivers, store, source, random, signal }: ArchiveFaultsDeps,
  tally: FaultTally[FaultKind],
): Promise<StartedFault> {
  const downMs = between(random, DOWN_MS.from, DOWN_MS.to);
  const running = archivers.filter(({ isRunning }) => isRunning);
  const victim = running[Math.floor(random() * running.length)];
  const after = (ms: number) => delay(ms, undefined, { signal });
  tally.count += 1;
  switch (kind) {
    case 'archiver killed':
      // None runs if all were killed within the last seconds.
      if (victim === undefined) return { told: 'no archiver runs', over: Promise.resolve() };
      if (await waitUntilActive([victim], 'downloads', signal)) tally.inTransfer += 1;
      await victim.kill();
      return { told: `archiver ${victim.port} killed`, over: after(downMs).then(() => victim.start()) };
    case 'store killed':
      if (await waitUntilActive(running, 'uploads', signal)) tally.inTransfer += 1;
      await store.kill();
      return { told: 'object store killed', over: after(downMs).then(() => store.start(signal)) };
    case 'store hung':
      if (await waitUntilActive(running, 'uploads', signal)) tally.inTransfer += 1;
      await store.hang();
      return { told: 'object store suspended', over: after(storeHungMs).then(() => store.resume()) };
    case 'source down':
      if (await waitUntilActive(running, 'downloads', signal)) tally.inTransfer += 1;
      source.goDown();
      return { told: 'source down', over: after(sourceDownMs).then(() => source.comeBack()) };
    default:
      return kind satisfies never;
  }
}

/** Waits until one of the archivers has an active transfer. @returns whether that happened in time. */
async function waitUntilActive(
  archivers: readonly ProcessorUnderTest[],
  transfers: keyof typeof ACTIVE_METRICS,
  signal: AbortSignal,
): Promise<boolean> {
  const end = performance.now() + MAX_WAIT_MS;
  while (performance.now() < end) {
    const active = await Promise.all(archivers.map(({ port }) => scrape(port, ACTIVE_METRICS[transfers])));
    if (active.some((count) => count !== undefined && count > 0)) return true;
    await delay(SCRAPE_INTERVAL_MS, undefined, { signal });
  }
  return false;
}
