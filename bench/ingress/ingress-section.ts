import { samplesOf, type Measure, type Section } from '../report/section.js';
import { ratioOf } from '../report/spread.js';
import { BATCHED, ECHO, IDEMPOTENT, OURS, PLAIN, PLATFORMATIC } from './contenders.js';
import type { IngressFigures } from './ingress-figures.js';
import type { Throughput } from './server-under-load.js';

const method = (
  turnMs: number,
): string => `256 connections, each with one event in flight (the vendor's example of \`session.ended\`, authenticated), acks=all. The servers start once and
keep running. After a turn that does not count, they take turns of ${turnMs / 1000} s, one at a time. A 202 counts as accepted, and every accepted event must then
be in the server's topic, exactly once. CPU is user and system time of the server's process alone.

- *${PLAIN}*: one acknowledged \`send\` for each event. *${IDEMPOTENT}*: the same, with the guarantee that ours has. *${BATCHED}*: collects
  5 ms of events for one \`send\`. *${PLATFORMATIC}*: the newer client of Fastify's own authors, one \`send\` for each event.
- *${ECHO}*: parses nothing and keeps nothing; the minimum that HTTP costs here.`;

/** The ingress beside its peers. */
export function ingressSection({ results, turnMs, steady, hung, steadyRate }: IngressFigures): Section {
  const rates = samplesOf(results, (r) => r.eventsPerSecond);
  const cpu = samplesOf(results, (r) => r.cpuMicrosPerEvent);
  const p99 = samplesOf(results, (r) => r.latencyMs.p99);
  const throughputTo = (peer: string, atLeast?: number) =>
    ratioOf(`events/s, ingress to ${peer}`, rates[OURS] ?? [], rates[peer] ?? [], atLeast ? { atLeast } : undefined);
  const cpuTo = (peer: string, atMost?: number) =>
    ratioOf(`CPU an event, ingress to ${peer}`, cpu[OURS] ?? [], cpu[peer] ?? [], atMost ? { atMost } : undefined);
  return {
    id: 'ingress',
    title: 'Ingress: HTTP event to Kafka',
    method: method(turnMs),
    measures: [
      { id: 'throughput', title: 'Accepted', unit: 'events/s', better: 'higher', samples: rates },
      { id: 'cpu', title: 'CPU an event', unit: 'µs', better: 'lower', samples: cpu },
      { id: 'p99', title: 'p99 at full load', unit: 'ms', better: 'lower', samples: p99 },
      { id: 'memory', title: 'Peak memory', unit: 'MiB', better: 'lower', samples: peakMemory(results) },
      p99Measure('steady-p99', `p99 at ${steadyRate} events/s`, steady, 20),
      ...(hung === undefined ? [] : [p99Measure('hung-p99', 'p99 with Kafka hung', hung, 60)]),
    ],
    ratios: [
      throughputTo(PLAIN, 18),
      ...[IDEMPOTENT, BATCHED, PLATFORMATIC].map((peer) => throughputTo(peer)),
      cpuTo(ECHO, 2.5),
      ...[PLAIN, BATCHED].map((peer) => cpuTo(peer)),
    ],
    curves: [],
    faults: [
      ...[...results].flatMap(([name, rounds]) => rounds.flatMap((result) => faultsOf(name, result))),
      ...steady.flatMap((turn) => faultsOf(`${OURS} at ${steadyRate} events/s`, turn)),
      // An event that was in flight when the broker hung can be in the log before the spool sends it again: `ce_id` identifies it.
      ...(hung ?? []).flatMap((turn) => faultsOf(`${OURS} with Kafka hung`, { ...turn, repeated: 0 })),
    ],
  };
}

function p99Measure(id: string, title: string, turns: readonly Throughput[], atMost: number): Measure {
  const samples = { [OURS]: turns.map((r) => r.latencyMs.p99) };
  return { id, title, unit: 'ms', better: 'lower', asked: { atMost }, samples };
}

/** Servers keep running, so the last turn has the peak of all. */
function peakMemory(results: IngressFigures['results']): Measure['samples'] {
  const lastTurns = [...results].map(([name, rounds]) => [name, rounds.slice(-1)] as const);
  return samplesOf(new Map(lastTurns), (r) => r.peakMemoryMiB);
}

function faultsOf(name: string, { missing, repeated, otherAnswers }: Throughput): string[] {
  return [
    ...(missing > 0 ? [`${name}: ${missing} accepted events are missing from the topic.`] : []),
    ...(repeated > 0 ? [`${name}: ${repeated} events are in the topic more than once.`] : []),
    ...(otherAnswers > 0 ? [`${name}: ${otherAnswers} events were not accepted.`] : []),
  ];
}
