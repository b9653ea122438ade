import { sleep, systemClock } from '../../infra/async/clock.js';
import { withProgress } from '../../dev/local-stack/progress.js';
import type { JoinContender, JoinRun } from '../join/contenders/contender.js';
import { median } from '../../lab/median.js';
import { peakMemoryMiB, residentMemoryMiB, runTimeMs } from '../../lab/process-usage.js';
import type { BenchSite } from '../site/bench-site.js';
import { startOpenJoin, type OpenJoin } from './open-join.js';

/** A join with this many sessions that are not finalized. */
export type OpenSessions = {
  readonly sessions: number;
  /** Resident memory once all of them are open. */
  readonly residentMiB: number;
  /** User and system time for each further event of these sessions; median of the rounds. */
  readonly cpuMicrosPerEvent: number;
};

/** Results with the largest number of open sessions. */
export type MostOpenSessions = {
  /** Resident memory of a new process after it restored them; and the peak of both processes. */
  readonly restoredMiB: number;
  readonly peakMiB: number;
  /** From the start of the process until it is ready. */
  readonly restoreMs: number;
  /** Share of a core while idle, in percent. */
  readonly idlePercent: number;
};

export type OpenSessionsOptions = {
  /** In rising order: one process grows from each to the next. */
  readonly sizes: readonly number[];
  readonly eventsPerRound: number;
  readonly rounds: number;
  /** Rounds of the two processes, and before them uncounted rounds of the new one, until its code is compiled like the other's. */
  readonly sideBySide: { readonly uncounted: number; readonly rounds: number };
  readonly idleMs: number;
  /** Pause before memory is read, so that garbage of the load is not counted. */
  readonly settleMs: number;
  /** Pause before idle CPU is read: V8 collects the heap once or twice more within forty seconds after a load. */
  readonly idleAfterMs: number;
};

/** CPU of an event in two processes side by side, one with the fewest and one with the most sessions open; µs, by round. */
export type SideBySide = { readonly few: readonly number[]; readonly most: readonly number[] };

/**
 * Opens sessions and sends more of their events at each size. With the most sessions open, compares the process in turns with a second
 * one that has the fewest; then leaves it idle, and restarts it.
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
      await sleep(systemClock, settleMs);
      const residentMiB = residentMemoryMiB(join.pid);
      const costs: number[] = [];
      for (let round = 1; round <= rounds; round += 1) costs.push(await join.cost(eventsPerRound));
      const result = { sessions, residentMiB, cpuMicrosPerEvent: median(costs) };
      measured.push(result);
      site.log(describe(result));
    }
    sideBySide = await compare(site, contender, join, { sessions: sizes[0] ?? 0, eventsPerRound, ...plan });
    await sleep(systemClock, idleAfterMs);
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

/** Compares a new process with few sessions and the one with the most. */
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
    await sleep(systemClock, settleMs);
    const pid = await again.pid;
    return { restoreMs, restoredMiB: residentMemoryMiB(pid), peakMiB: peakMemoryMiB(pid) };
  } finally {
    await again.stop();
  }
}

async function idleShare(site: BenchSite, pid: number, ms: number): Promise<number> {
  const before = runTimeMs(pid);
  await withProgress(site.log, `leaving it idle for ${ms / 1000} s`, () => sleep(systemClock, ms));
  return ((runTimeMs(pid) - before) / ms) * 100;
}

function describe({ sessions, residentMiB, cpuMicrosPerEvent }: OpenSessions): string {
  return (
    `${sessions.toLocaleString('en')} sessions open: ${Math.round(residentMiB)} MiB, ` +
    `${cpuMicrosPerEvent.toFixed(1)} µs CPU an event`
  );
}
