import type { BenchOptions } from '../bench-options.js';
import { ourIngress } from '../ingress/contenders.js';
import { withServers } from '../ingress/with-servers.js';
import type { Throughput } from '../ingress/server-under-load.js';
import { catchUp, describe, storeBacklog, type CatchUp } from '../join/catch-up.js';
import { ourJoin } from '../join/contenders/our-join.js';
import type { Section } from '../report/section.js';
import { PARTITIONS } from '../site/fresh-topics.js';
import { ingressGrowth, joinGrowth } from './growth-sections.js';
import { measureOpenSessions } from './open-sessions.js';
import { rememberedBytes } from './remembered-bytes.js';
import { openSessionsSection } from './open-sessions-section.js';

const FULL = {
  open: {
    sizes: [10_000, 30_000, 100_000, 300_000, 1_000_000],
    eventsPerRound: 50_000,
    sideBySide: { uncounted: 3, rounds: 15 },
    idleMs: 15_000,
    settleMs: 5_000,
    idleAfterMs: 45_000,
  },
  backlogs: [12_500, 50_000, 100_000, 200_000],
  /** Backlog of the points that vary partitions or processors. */
  sessions: 50_000,
  remembered: 1_000_000,
  partitions: [1, PARTITIONS, 24],
  processors: [1, 2],
  bodyBytes: [512, 2_048, 8_192, 32_768, 65_536],
  workers: [1, 2],
  load: { warmUpMs: 1_500, durationMs: 5_000 },
};
const QUICK: typeof FULL = {
  open: {
    sizes: [10_000, 30_000],
    eventsPerRound: 10_000,
    sideBySide: { uncounted: 1, rounds: 3 },
    idleMs: 1_500,
    settleMs: 1_000,
    idleAfterMs: 1_000,
  },
  backlogs: [2_000, 5_000],
  sessions: 5_000,
  remembered: 100_000,
  partitions: [1],
  processors: [1],
  bodyBytes: [512, 65_536],
  workers: [1, 2],
  load: { warmUpMs: 500, durationMs: 1_500 },
};

/** `npm run bench -- scale`: growth with open sessions, backlog, partitions, body size and instances; without peers. */
export async function benchScale(options: BenchOptions): Promise<Section[]> {
  const { quick, rounds, site, nodeArguments } = options;
  const plan = quick ? QUICK : FULL;
  const ingress = await growIngress(options, plan);
  const join = await growJoin(options, plan);
  const open = await measureOpenSessions(site, ourJoin(nodeArguments), { ...plan.open, rounds });
  return [openSessionsSection(open.sizes, open.sideBySide, open.most), joinGrowth(join), ingressGrowth(ingress)];
}

async function growIngress({ site }: BenchOptions, plan: typeof FULL) {
  const measure = async (what: string, workers: number, bodyBytes?: number): Promise<Throughput> => {
    const body = bodyBytes === undefined ? {} : { bodyBytes };
    const result = await withServers(site, async (open) => {
      // Two workers accept more than one generator can send.
      const server = await open(ourIngress(site, workers), workers > 1 ? 2 : 1);
      await server.warmUp({ durationMs: plan.load.warmUpMs, ...body });
      return server.turn({ durationMs: plan.load.durationMs, ...body });
    });
    const { eventsPerSecond, cpuMicrosPerEvent } = result;
    site.log(`${what}: ${Math.round(eventsPerSecond)} events/s, ${cpuMicrosPerEvent.toFixed(1)} µs CPU an event`);
    return result;
  };
  const bodies: [number, Throughput][] = [];
  for (const bytes of plan.bodyBytes) bodies.push([bytes, await measure(`bodies of ${bytes} bytes`, 1, bytes)]);
  const workers: [number, Throughput][] = [];
  for (const count of plan.workers) workers.push([count, await measure(`${count} ingress worker(s)`, count)]);
  return { bodies, workers };
}

async function growJoin({ site, nodeArguments }: BenchOptions, plan: typeof FULL) {
  const measure = async (sessions: number, partitions: number, processes: number): Promise<CatchUp> => {
    const what = `${sessions} sessions, ${partitions} partitions, ${processes} processor(s)`;
    const stored = await storeBacklog(site, `scale-${sessions}-${partitions}-${processes}`, sessions, partitions);
    const result = await catchUp(site, ourJoin(nodeArguments, partitions), stored, processes);
    site.log(`${what}: ${describe(result)}`);
    return result;
  };
  const backlogs: [number, CatchUp][] = [];
  for (const sessions of plan.backlogs) backlogs.push([sessions, await measure(sessions, PARTITIONS, 1)]);
  const measured = backlogs.find(([sessions]) => sessions === plan.sessions)?.[1];
  const base = measured ?? (await measure(plan.sessions, PARTITIONS, 1));
  const partitions: [number, CatchUp][] = [];
  for (const count of plan.partitions)
    partitions.push([count, count === PARTITIONS ? base : await measure(plan.sessions, count, 1)]);
  const processors: [number, CatchUp][] = [];
  for (const count of plan.processors)
    processors.push([count, count === 1 ? base : await measure(plan.sessions, PARTITIONS, count)]);
  return {
    sessions: plan.sessions,
    backlogs,
    partitions,
    processors,
    rememberedBytes: rememberedBytes(plan.remembered),
  };
}
