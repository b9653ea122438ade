import type { Throughput } from '../ingress/server-under-load.js';
import { CALL_EVENTS } from '../join/call-sessions.js';
import type { CatchUp } from '../join/catch-up.js';
import { OUR_JOIN } from '../join/contenders/our-join.js';
import { describeFaults, isFaultless } from '../join/output-check.js';
import { readCost, readScaling, readTotal } from '../report/growth.js';
import type { Curve, Point, Section } from '../report/section.js';

/** Results by the size that was varied. */
type Series<T> = readonly (readonly [number, T])[];

/** How the catch-up grows with the backlog, partitions and processors. */
export function joinGrowth(grown: {
  readonly sessions: number;
  readonly backlogs: Series<CatchUp>;
  readonly partitions: Series<CatchUp>;
  readonly processors: Series<CatchUp>;
  /** Memory for one session that is complete and remembered. */
  readonly rememberedBytes: number;
}): Section {
  const { sessions, backlogs, partitions, processors, rememberedBytes } = grown;
  const perEvent = (ms: number): number => (ms * 1000) / (sessions * CALL_EVENTS.length);
  const totals = backlogs.map(([x, r]) => ({ x: x * CALL_EVENTS.length, y: r.totalMs / 1000 }));
  const costs = partitions.map(([x, r]) => ({ x, y: perEvent(r.cpuMs) }));
  const brokerCosts = partitions.map(([x, r]) => ({ x, y: perEvent(r.brokerCpuMs) }));
  const rates = processors.map(([x, r]) => ({ x, y: r.sessionsPerSecond }));
  const busyPercent = processors.at(-1)?.[1].busyPercent ?? NaN;
  return {
    id: 'join-growth',
    title: 'Growth: backlog, partitions, processors',
    method: `The catch-up of above, with our join alone and once for each point: over the length of the backlog, with 6 partitions; and with
${sessions.toLocaleString('en')} sessions over the number of partitions and of processors. All outputs are compared.
A session that is complete is remembered until its retention is over; its memory is counted in the join's own store.`,
    measures: [
      {
        id: 'remembered',
        title: 'A session that is complete and remembered',
        unit: 'bytes',
        better: 'lower',
        samples: { [OUR_JOIN]: [rememberedBytes] },
      },
    ],
    ratios: [],
    curves: [
      {
        title: 'Time for a backlog over its length',
        xLabel: 'events',
        yLabel: 'seconds, the start of the process included',
        points: totals,
        reading: readTotal(totals, 's', 'events'),
      },
      {
        title: 'CPU an event over partitions',
        xLabel: 'partitions',
        yLabel: 'µs of CPU an event, its start included',
        points: costs,
        reading: `${readCost(costs, 'µs', 'partitions')} Each partition has transactions of its own, and fewer events in each.`,
      },
      ...brokerCurve(brokerCosts),
      scalingCurve('Joined over processors', 'sessions/s', 'processors', rates, busyPercent),
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
  const busyPercent = workers.at(-1)?.[1].busyPercent ?? NaN;
  return {
    id: 'ingress-growth',
    title: 'Growth: body size, ingress workers',
    method: `The ingress under full load of 256 connections, once for each point. With two workers the load comes from two generators.`,
    measures: [],
    ratios: [],
    curves: [
      {
        title: 'CPU an event over body size',
        xLabel: 'bytes of a body',
        yLabel: 'µs of CPU an event',
        points: costs,
        reading: readTotal(costs, 'µs', 'bytes'),
      },
      scalingCurve('Accepted over workers', 'events/s', 'workers', rates, busyPercent),
    ],
    faults: [...bodies, ...workers]
      .filter(([, { missing, otherAnswers }]) => missing + otherAnswers > 0)
      .map(([x, { missing, otherAnswers }]) => `At ${x}: ${missing} missing, ${otherAnswers} not accepted.`),
  };
}

/** Empty where the broker's CPU is unknown. */
function brokerCurve(points: readonly Point[]): Curve[] {
  if (points.some(({ y }) => Number.isNaN(y))) return [];
  return [
    {
      title: 'CPU of the broker an event over partitions',
      xLabel: 'partitions',
      yLabel: 'µs of CPU an event',
      points,
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
