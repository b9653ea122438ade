import { setTimeout as delay } from 'node:timers/promises';
import { withProgress } from '../../infra/local-stack/progress.js';
import type { JoinContender, JoinRun } from '../join/contender.js';
import { median } from '../measure/median.js';
import { cpuMs, peakMemoryMiB, residentMemoryMiB, runTimeMs } from '../measure/process-usage.js';
import type { BenchSite } from '../site/bench-site.js';
import { deleteTopics, freshTopics } from '../site/fresh-topics.js';
import { OpenLoad } from './open-load.js';

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
  readonly idleMs: number;
  /** What a load leaves to be cleaned up is no part of the memory that sessions need: so long for it. */
  readonly settleMs: number;
  /** Nor is it a part of being idle, and V8 collects the heap once or twice more in the forty seconds after a load. */
  readonly idleAfterMs: number;
};

/** Opens sessions, and at each size sends more events of them; at the last leaves the join idle, and starts it again. */
export async function measureOpenSessions(
  site: BenchSite,
  contender: JoinContender,
  { sizes, eventsPerRound, rounds, idleMs, settleMs, idleAfterMs }: OpenSessionsOptions,
): Promise<{ readonly sizes: OpenSessions[]; readonly most: MostOpenSessions }> {
  const prefix = `${site.prefix}open.`;
  await freshTopics(site.kafka, prefix);
  const run = await contender.prepare(site, prefix);
  const process = await run.start();
  const load = new OpenLoad(site, prefix, run.groupId);
  const measured: OpenSessions[] = [];
  let idlePercent, peakMiB;
  try {
    await process.waitReady();
    const pid = await process.pid;
    for (const sessions of sizes) {
      await load.open(process, sessions);
      await delay(settleMs);
      const residentMiB = residentMemoryMiB(pid);
      const costs: number[] = [];
      for (let round = 1; round <= rounds; round += 1) {
        const before = cpuMs(pid);
        await load.repeat(process, eventsPerRound);
        costs.push(((cpuMs(pid) - before) * 1000) / eventsPerRound);
      }
      const result = { sessions, residentMiB, cpuMicrosPerEvent: median(costs) };
      measured.push(result);
      site.log(describe(result));
    }
    await delay(idleAfterMs);
    idlePercent = await idleShare(site, pid, idleMs);
    peakMiB = peakMemoryMiB(pid);
  } finally {
    await process.stop();
  }
  const restored = await restore(site, run, settleMs);
  await run.cleanUp();
  await deleteTopics(site.kafka, prefix);
  return { sizes: measured, most: { ...restored, idlePercent, peakMiB: Math.max(peakMiB, restored.peakMiB) } };
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
