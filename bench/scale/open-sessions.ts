import { setTimeout as delay } from 'node:timers/promises';
import { withProgress } from '../../dev/local-stack/progress.js';
import type { JoinContender, JoinRun } from '../join/contenders/contender.js';
import { median } from '../../lab/median.js';
import { peakMemoryMiB, residentMemoryMiB, runTimeMs } from '../../lab/process-usage.js';
import type { BenchSite } from '../site/bench-site.js';
import { startOpenJoin, type OpenJoin } from './open-join.js';

/** A join that holds so many sessions which have begun and are not finalized. */
export type OpenSessions = {
  readonly sessions: number;
  /** Resident memory when all of them have come in. */
  readonly residentMiB: number;
  /** User and system time for each event of sessions that it holds; the median of the rounds. */
  readonly cpuMicrosPerEvent: number;
};

/** The most of them. */
export type MostOpenSessions = {
  /** Resident memory of a new process when it has restored them; and the peak of both. */
  readonly restoredMiB: number;
  readonly peakMiB: number;
  /** From the start of the process until it says that it is ready. */
  readonly restoreMs: number;
  /** Share of a core while nothing comes, in percent. */
  readonly idlePercent: number;
};

export type OpenSessionsOptions = {
  /** In rising order: one process goes from each to the next. */
  readonly sizes: readonly number[];
  readonly eventsPerRound: number;
  readonly rounds: number;
  /** Of the two processes, and before them those of the new one alone: until its code is compiled, as that of the other is. */
  readonly sideBySide: { readonly uncounted: number; readonly rounds: number };
  readonly idleMs: number;
  /** What a load leaves to be cleaned up is no part of the memory that sessions need: so long for it. */
  readonly settleMs: number;
  /** Nor is it a part of being idle, and V8 collects the heap once or twice more in the forty seconds after a load. */
  readonly idleAfterMs: number;
};

/** CPU an event of two processes side by side, one with the fewest and one with the most sessions open; µs, by round. */
export type SideBySide = { readonly few: readonly number[]; readonly most: readonly number[] };

/**
 * Opens sessions, and at each size sends more events of them. With the most of them open it is held against a second process with the fewest,
 * in turns; then left idle, and started again.
 */
export async function measureOpenSessions(
  site: BenchSite,
  contender: JoinContender,
  { sizes, eventsPerRound, rounds, sideBySide: plan, idleMs, settleMs, idleAfterMs }: OpenSessionsOptions,
): Promise<{ readonly sizes: OpenSessions[]; readonly sideBySide: SideBySide; readonly most: MostOpenSessions }> {
  const join = await startOpenJoin(site, contender, `${site.prefix}open.`);
  const measured: OpenSessions[] = [];
  let idlePercent, peakMiB, sideBySide;
  try {
    for (const sessions of sizes) {
      await join.open(sessions);
      await delay(settleMs);
      const residentMiB = residentMemoryMiB(join.pid);
      const costs: number[] = [];
      for (let round = 1; round <= rounds; round += 1) costs.push(await join.cost(eventsPerRound));
      const result = { sessions, residentMiB, cpuMicrosPerEvent: median(costs) };
      measured.push(result);
      site.log(describe(result));
    }
    sideBySide = await compare(site, contender, join, { sessions: sizes[0] ?? 0, eventsPerRound, ...plan });
    await delay(idleAfterMs);
    idlePercent = await idleShare(site, join.pid, idleMs);
    peakMiB = peakMemoryMiB(join.pid);
  } finally {
    await join.stop();
  }
  const restored = await restore(site, join.run, settleMs);
  await join.cleanUp();
  const most = { ...restored, idlePercent, peakMiB: Math.max(peakMiB, restored.peakMiB) };
  return { sizes: measured, sideBySide, most };
}

/** A new process with few sessions, beside the one that has many. */
async function compare(
  site: BenchSite,
  contender: JoinContender,
  most: OpenJoin,
  {
    sessions,
    eventsPerRound,
    uncounted,
    rounds,
  }: { sessions: number; eventsPerRound: number; uncounted: number; rounds: number },
): Promise<SideBySide> {
  const few = await startOpenJoin(site, contender, `${site.prefix}open-few.`);
  const costs: { few: number[]; most: number[] } = { few: [], most: [] };
  try {
    await few.open(sessions);
    for (let round = 1; round <= uncounted; round += 1) await few.cost(eventsPerRound);
    for (let round = 1; round <= rounds; round += 1) {
      costs.few.push(await few.cost(eventsPerRound));
      costs.most.push(await most.cost(eventsPerRound));
    }
  } finally {
    await few.stop();
  }
  await few.cleanUp();
  return costs;
}

async function restore(site: BenchSite, run: JoinRun, settleMs: number) {
  const startedAt = performance.now();
  const again = await run.start();
  try {
    await withProgress(site.log, 'restoring', () => again.waitReady());
    const restoreMs = performance.now() - startedAt;
    await delay(settleMs);
    const pid = await again.pid;
    return { restoreMs, restoredMiB: residentMemoryMiB(pid), peakMiB: peakMemoryMiB(pid) };
  } finally {
    await again.stop();
  }
}

async function idleShare(site: BenchSite, pid: number, ms: number): Promise<number> {
  const before = runTimeMs(pid);
  await withProgress(site.log, `leaving it idle for ${ms / 1000} s`, () => delay(ms));
  return ((runTimeMs(pid) - before) / ms) * 100;
}

function describe({ sessions, residentMiB, cpuMicrosPerEvent }: OpenSessions): string {
  return (
    `${sessions.toLocaleString('en')} sessions open: ${Math.round(residentMiB)} MiB, ` +
    `${cpuMicrosPerEvent.toFixed(1)} µs CPU an event`
  );
}
