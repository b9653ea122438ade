import { figure } from '../report/figures.js';
import type { Measure, Section } from '../report/section.js';
import { ratioOf, spreadOf } from '../report/spread.js';
import { BATCHED, ECHO, IDEMPOTENT, OURS, PLAIN, PLATFORMATIC } from './contenders.js';
import type { Throughput } from './server-under-load.js';

/** What bounds a turn of the ingress, measured behind some of them. */
export type Ceiling = {
  /** Records a second of Kafka's own tools. */
  readonly written: number;
  readonly read: number;
  /** The echo under two load generators. */
  readonly twoGenerators: Throughput;
  /** Events a second of the ingress in the turns before. */
  readonly ours: number;
};

export type IngressFigures = {
  readonly results: ReadonlyMap<string, readonly Throughput[]>;
  readonly turnMs: number;
  readonly ceilings: readonly Ceiling[];
  readonly steadyRate: number;
  readonly steady: readonly Throughput[];
  /** Absent where the broker is not ours to hang. */
  readonly hung?: readonly Throughput[];
  /** Of one in the broker's log. */
  readonly eventBytes: number;
};

type Pick = (result: Throughput) => number;

const method = (
  turnMs: number,
): string => `256 connections, each with one event under way (the vendor's example of \`session.ended\`, authenticated), acks=all. The servers start once and
stay; after a turn that is not counted they take turns of ${turnMs / 1000} s, one at a time. A 202 counts as accepted, and every accepted event must then
stand in the server's topic, none twice. CPU is user and system time of the server's process alone.

- *${PLAIN}*: one acknowledged \`send\` an event. *${IDEMPOTENT}*: likewise, with the guarantee that ours has. *${BATCHED}*: its author
  collects 5 ms of events for one \`send\`. *${PLATFORMATIC}*: the newer client of Fastify's own authors, one \`send\` an event.
- *${ECHO}*: parses nothing and keeps nothing; the floor of HTTP here.`;

/** The ingress beside its peers. */
export function ingressSection(figures: IngressFigures): Section {
  const { results, turnMs, steady, hung, steadyRate } = figures;
  const of = (name: string, pick: Pick): number[] => (results.get(name) ?? []).map(pick);
  const samples = (pick: Pick): Measure['samples'] =>
    Object.fromEntries([...results].map(([name, rounds]) => [name, rounds.map(pick)]));
  const throughput = (peer: string, atLeast?: number) =>
    ratioOf(
      `events/s, ingress to ${peer}`,
      of(OURS, (r) => r.eventsPerSecond),
      of(peer, (r) => r.eventsPerSecond),
      atLeast === undefined ? undefined : { atLeast },
    );
  const cpu = (peer: string, atMost?: number) =>
    ratioOf(
      `CPU an event, ingress to ${peer}`,
      of(OURS, (r) => r.cpuMicrosPerEvent),
      of(peer, (r) => r.cpuMicrosPerEvent),
      atMost === undefined ? undefined : { atMost },
    );
  const p99 = (id: string, title: string, turns: readonly Throughput[], atMost: number): Measure => ({
    ...{ id, title, unit: 'ms', better: 'lower', asked: { atMost } },
    samples: { [OURS]: turns.map((r) => r.latencyMs.p99) },
  });
  return {
    id: 'ingress',
    title: 'Ingress: HTTP event to Kafka',
    method: method(turnMs),
    measures: [
      {
        id: 'throughput',
        title: 'Accepted',
        unit: 'events/s',
        better: 'higher',
        samples: samples((r) => r.eventsPerSecond),
      },
      { id: 'cpu', title: 'CPU an event', unit: 'µs', better: 'lower', samples: samples((r) => r.cpuMicrosPerEvent) },
      { id: 'p99', title: 'p99 at full load', unit: 'ms', better: 'lower', samples: samples((r) => r.latencyMs.p99) },
      { id: 'memory', title: 'Peak memory', unit: 'MiB', better: 'lower', samples: peakMemory(results) },
      p99('steady-p99', `p99 at ${steadyRate} events/s`, steady, 20),
      ...(hung === undefined ? [] : [p99('hung-p99', 'p99 with Kafka hung', hung, 60)]),
    ],
    ratios: [
      throughput(PLAIN, 18),
      ...[IDEMPOTENT, BATCHED, PLATFORMATIC].map((peer) => throughput(peer)),
      cpu(ECHO, 2.5),
      ...[PLAIN, BATCHED].map((peer) => cpu(peer)),
    ],
    curves: [],
    faults: [
      ...[...results].flatMap(([name, rounds]) => rounds.flatMap((result) => faultsOf(name, result))),
      ...steady.flatMap((turn) => faultsOf(`${OURS} at ${steadyRate} events/s`, turn)),
      // What was under way when the broker hung may be in the log before the spool sends it again: `ce_id` tells it.
      ...(hung ?? []).flatMap((turn) => faultsOf(`${OURS} with Kafka hung`, { ...turn, repeated: 0 })),
    ],
  };
}

/** That neither the load generator nor the broker is what the section above measured. */
export function ceilingsSection({ results, ceilings, eventBytes }: IngressFigures): Section {
  const ours = results.get(OURS) ?? [];
  const echo = results.get(ECHO) ?? [];
  const rate = (rounds: readonly Throughput[]): number[] => rounds.map((r) => r.eventsPerSecond);
  const twoGenerators = ceilings.map((ceiling) => ceiling.twoGenerators);
  const written = ceilings.map((ceiling) => ceiling.written);
  const cores = (rounds: readonly Throughput[], micros: Pick): number[] =>
    rounds.map((r) => (micros(r) * r.eventsPerSecond) / 10_000);
  const generator = spreadOf(cores(ours, (r) => r.loadMicrosPerEvent)).middle;
  const broker = spreadOf(cores(ours, (r) => r.brokerMicrosPerEvent)).middle;
  return {
    id: 'ceilings',
    title: 'What is not measured: load generator and broker',
    method: `The load generator alone, against the echo, with its 256 connections in one process and in two; and Kafka's own tools on the same broker with
records of the same size: ProducerPerformance (one producer, acks=all, idempotent, batches of 256 KiB), ConsumerPerformance. While the
ingress was measured, one generator used ${figure(generator)} % of a core${Number.isNaN(broker) ? '' : `, the broker ${figure(broker)} %`}; a generator is
single-threaded, so below 100 % it was waiting for the ingress. All share the machine: what they use, the ingress cannot have.`,
    measures: [
      {
        ...{ id: 'ceiling', title: 'At most', unit: 'a second', better: 'higher' },
        samples: {
          'ingress, one generator': rate(ours),
          'echo, one generator': rate(echo),
          'echo, two generators': rate(twoGenerators),
          'ProducerPerformance, records': written,
          'ConsumerPerformance, records': ceilings.map(({ read }) => read),
        },
      },
      {
        ...{ id: 'generator', title: 'CPU of the load', unit: '% of a core', better: 'lower' },
        samples: {
          'ingress, one generator': cores(ours, (r) => r.loadMicrosPerEvent),
          'echo, one generator': cores(echo, (r) => r.loadMicrosPerEvent),
          'echo, two generators': cores(twoGenerators, (r) => r.loadMicrosPerEvent),
        },
      },
      ...(Number.isNaN(broker) ? [] : [brokerMeasure(ours)]),
      {
        ...{ id: 'event-bytes', title: 'An event in the log', unit: 'bytes', better: 'lower' },
        samples: { 'ingress, one generator': [eventBytes] },
      },
    ],
    ratios: [
      ratioOf('events/s, one generator on the echo to one on the ingress', rate(echo), rate(ours)),
      ratioOf(
        'ProducerPerformance to the ingress',
        written,
        ceilings.map((ceiling) => ceiling.ours),
      ),
    ],
    curves: [],
    faults: [],
  };
}

function brokerMeasure(ours: readonly Throughput[]): Measure {
  return {
    ...{ id: 'broker-cpu', title: 'CPU of the broker an event', unit: 'µs', better: 'lower' },
    samples: { 'ingress, one generator': ours.map((r) => r.brokerMicrosPerEvent) },
  };
}

/** Of a server that stays, the last turn tells. */
function peakMemory(results: IngressFigures['results']): Measure['samples'] {
  return Object.fromEntries([...results].map(([name, rounds]) => [name, rounds.slice(-1).map((r) => r.peakMemoryMiB)]));
}

function faultsOf(name: string, { missing, repeated, otherAnswers }: Throughput): string[] {
  return [
    ...(missing > 0 ? [`${name}: ${missing} accepted events are not in the topic.`] : []),
    ...(repeated > 0 ? [`${name}: ${repeated} events are in the topic again.`] : []),
    ...(otherAnswers > 0 ? [`${name}: ${otherAnswers} events were not accepted.`] : []),
  ];
}
