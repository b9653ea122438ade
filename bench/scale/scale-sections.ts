import type { Throughput } from '../ingress/server-under-load.js';
import { CALL_EVENTS } from '../join/call-sessions.js';
import type { CatchUp } from '../join/catch-up.js';
import { OUR_JOIN } from '../join/contenders/our-join.js';
import { describeFaults, isFaultless } from '../join/output-check.js';
import { fitLine, readCost, readScaling, readTotal } from '../report/growth.js';
import type { Curve, Measure, Point, Section } from '../report/section.js';
import { ratioOf } from '../report/spread.js';
import type { MostOpenSessions, OpenSessions, SideBySide } from './open-sessions.js';

type Series<T> = readonly (readonly [number, T])[];

/** Why an event costs more with more of them. */
const CACHES =
  ' States rest encoded outside of the heap: the more there are, the fewer of them are in the caches of the processor when their event comes.';

/** What open sessions cost. */
export function openSessionsSection(
  sizes: readonly OpenSessions[],
  sideBySide: SideBySide,
  most: MostOpenSessions,
): Section {
  const costs = sizes.map(({ sessions, cpuMicrosPerEvent }) => ({ x: sessions, y: cpuMicrosPerEvent }));
  const memory = sizes.map(({ sessions, residentMiB }) => ({ x: sessions, y: residentMiB }));
  const [few, at] = [sizes[0], sizes.at(-1)].map((size) => (size?.sessions ?? 0).toLocaleString('en'));
  const growth = ratioOf(`CPU an event, ${at} open to ${few}`, sideBySide.most, sideBySide.few, { atMost: 1.3 });
  return {
    id: 'open-sessions',
    title: 'Growth: open sessions',
    method: `One process, in which more and more sessions are opened by two events each. At each size it gets further events of sessions that it holds,
all over them, none twice in a transaction, each of which changes its session: that is what an event costs. With ${at} open it takes turns with a second process that has
${few}, for the ratio. It is then left alone (45 s later: its run time by the scheduler's count, in nanoseconds), stopped, and started anew, which restores them from the
changelog.`,
    measures: [
      single('restored', `${at} open, restored`, 'MiB', most.restoredMiB, 1024),
      single('peak', 'peak', 'MiB', most.peakMiB),
      single('ready', 'ready after', 's', most.restoreMs / 1000, 20),
      single('idle', 'idle', '% of a core', most.idlePercent, 1),
    ],
    ratios: [growth],
    curves: [
      {
        title: 'CPU an event over open sessions',
        ...{ xLabel: 'open sessions', yLabel: 'µs of CPU an event', points: costs },
        reading: readCost(costs, 'µs', 'open sessions') + (growth.value > 1 ? CACHES : ''),
      },
      {
        title: 'Memory over open sessions',
        ...{ xLabel: 'open sessions', yLabel: 'MiB resident', points: memory },
        reading: `${readTotal(memory, 'MiB', 'open sessions')} That is ${Math.round(fitLine(memory).slope * 1024 * 1024)} bytes a session.`,
      },
    ],
    faults: [],
  };
}

/** How the catch-up grows with the backlog, partitions and processors. */
export function joinGrowth(grown: {
  readonly sessions: number;
  readonly backlogs: Series<CatchUp>;
  readonly partitions: Series<CatchUp>;
  readonly processors: Series<CatchUp>;
  /** Of memory. */
  readonly rememberedBytes: number;
}): Section {
  const { sessions, backlogs, partitions, processors, rememberedBytes } = grown;
  const micros = (of: number, { cpuMs }: CatchUp): number => (cpuMs * 1000) / (of * CALL_EVENTS.length);
  const totals = backlogs.map(([x, r]) => ({ x: x * CALL_EVENTS.length, y: r.totalMs / 1000 }));
  const costs = partitions.map(([x, r]) => ({ x, y: micros(sessions, r) }));
  const brokerCosts = partitions.map(([x, r]) => ({ x, y: (r.brokerCpuMs * 1000) / (sessions * CALL_EVENTS.length) }));
  const rates = processors.map(([x, r]) => ({ x, y: r.sessionsPerSecond }));
  return {
    id: 'join-growth',
    title: 'Growth: backlog, partitions, processors',
    method: `The catch-up of above, ours alone and once for each point: over the length of the backlog, with 6 partitions; and with
${sessions.toLocaleString('en')} sessions over the number of partitions and of processors. All outputs are compared.
A session that is complete is remembered until its retention is over: what that takes is counted in the join's own store.`,
    measures: [single('remembered', 'A session that is complete and remembered', 'bytes', rememberedBytes)],
    ratios: [],
    curves: [
      {
        title: 'Time for a backlog over its length',
        ...{ xLabel: 'events', yLabel: 'seconds, the start of the process included', points: totals },
        reading: readTotal(totals, 's', 'events'),
      },
      {
        title: 'CPU an event over partitions',
        ...{ xLabel: 'partitions', yLabel: 'µs of CPU an event, its start included', points: costs },
        reading: `${readCost(costs, 'µs', 'partitions')} Each partition has transactions of its own, and fewer events in each.`,
      },
      ...knownBrokerCosts(brokerCosts),
      scalingCurve(
        'Joined over processors',
        'sessions/s',
        'processors',
        rates,
        processors.at(-1)?.[1].busyPercent ?? NaN,
      ),
    ],
    faults: [...backlogs, ...partitions, ...processors]
      .filter(([, { faults }]) => !isFaultless(faults))
      .map(([x, { faults }]) => `At ${x}: ${describeFaults(faults)}.`),
  };
}

/** How the ingress grows with body size and workers. */
export function ingressGrowth(grown: {
  readonly bodies: Series<Throughput>;
  readonly workers: Series<Throughput>;
}): Section {
  const { bodies, workers } = grown;
  const costs = bodies.map(([x, r]) => ({ x, y: r.cpuMicrosPerEvent }));
  const rates = workers.map(([x, r]) => ({ x, y: r.eventsPerSecond }));
  return {
    id: 'ingress-growth',
    title: 'Growth: body size, ingress workers',
    method: `The ingress under full load of 256 connections, once for each point; with two workers the load comes from two generators.`,
    measures: [],
    ratios: [],
    curves: [
      {
        title: 'CPU an event over body size',
        ...{ xLabel: 'bytes of a body', yLabel: 'µs of CPU an event', points: costs },
        reading: readTotal(costs, 'µs', 'bytes'),
      },
      scalingCurve('Accepted over workers', 'events/s', 'workers', rates, workers.at(-1)?.[1].busyPercent ?? NaN),
    ],
    faults: [...bodies, ...workers]
      .filter(([, { missing, otherAnswers }]) => missing + otherAnswers > 0)
      .map(([x, { missing, otherAnswers }]) => `At ${x}: ${missing} missing, ${otherAnswers} not accepted.`),
  };
}

function knownBrokerCosts(points: readonly Point[]): Curve[] {
  if (points.some(({ y }) => Number.isNaN(y))) return [];
  return [
    {
      title: 'CPU of the broker an event over partitions',
      ...{ xLabel: 'partitions', yLabel: 'µs of CPU an event', points },
      reading: readCost(points, 'µs', 'partitions'),
    },
  ];
}

function scalingCurve(
  title: string,
  yLabel: string,
  thing: string,
  points: readonly Point[],
  busyPercent: number,
): Curve {
  return { title, xLabel: thing, yLabel, points, reading: readScaling(points, thing, busyPercent) };
}

function single(id: string, title: string, unit: string, value: number, atMost?: number): Measure {
  return {
    ...{ id, title, unit, better: 'lower', samples: { [OUR_JOIN]: [value] } },
    ...(atMost !== undefined && { asked: { atMost } }),
  };
}
