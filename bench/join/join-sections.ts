import type { LatencySummary } from '../load/latencies.js';
import type { Asked, Measure, Section } from '../report/section.js';
import { ratioOf } from '../report/spread.js';
import { CALL_EVENTS } from './call-sessions.js';
import type { CatchUp } from './catch-up.js';
import { STREAMS, STREAMS_DEFAULTS, STREAMS_IN_MEMORY } from './contenders/kafka-streams-join.js';
import { describeFaults, isFaultless } from './output-check.js';
import { OUR_JOIN, OUR_TWO } from './contenders/our-join.js';

/** The catch-up beside its peers. */
export function catchUpSection(results: ReadonlyMap<string, readonly CatchUp[]>, sessions: number): Section {
  const of = (name: string, pick: (r: CatchUp) => number): number[] => (results.get(name) ?? []).map(pick);
  const samples = (pick: (r: CatchUp) => number): Measure['samples'] =>
    Object.fromEntries([...results].map(([name, rounds]) => [name, rounds.map(pick)]));
  const cpuMicros = ({ cpuMs }: CatchUp): number => (cpuMs * 1000) / (sessions * CALL_EVENTS.length);
  const brokerMicros = ({ brokerCpuMs }: CatchUp): number => (brokerCpuMs * 1000) / (sessions * CALL_EVENTS.length);
  const ratio = (what: string, peer: string, pick: (r: CatchUp) => number, asked?: Asked) =>
    ratioOf(`${what}, ours to ${peer}`, of(OUR_JOIN, pick), of(peer, pick), asked);
  const rate = (r: CatchUp): number => r.sessionsPerSecond;
  const knowsBroker = of(OUR_JOIN, brokerMicros).every((value) => !Number.isNaN(value));
  return {
    id: 'join',
    title: 'Join: a backlog worked off, exactly once',
    method: `${sessions.toLocaleString('en')} call sessions, four events each, shuffled in a window of 2,000 sessions, stand in a topic of 6 partitions. Each
contender starts as a new process with nothing and works them off, exactly once, by the same rules; they take turns. Then *every* joined
record is read with read_committed and compared with what it must say. The rate is that from the first to the last joined record, by the
broker's clock; CPU and memory are the process's, from its start.

- *${OUR_JOIN}*: \`dist/processor/main.js\` with its defaults, as \`npm start\` and the image run it: one thread of JavaScript. *${OUR_TWO}*: two such processes in one group, their CPU and
  memory added up, as Kafka Streams has two threads.
- *${STREAMS}*: 4.1, exactly_once_v2, 2 threads, RocksDB, set for throughput: \`bench/join/contenders/kafka-streams-join.ts\` and
  \`JoinTopology.java\` say how, and why. *${STREAMS_IN_MEMORY}*: likewise, its state in memory.`,
    measures: [
      {
        id: 'rate',
        title: 'Joined',
        unit: 'sessions/s',
        better: 'higher',
        samples: samples(rate),
      },
      { id: 'cpu', title: 'CPU an event', unit: 'µs', better: 'lower', samples: samples(cpuMicros) },
      ...(knowsBroker
        ? [
            {
              ...{ id: 'broker-cpu', title: 'CPU of the broker an event', unit: 'µs', better: 'lower' as const },
              samples: samples(brokerMicros),
            },
          ]
        : []),
      { id: 'memory', title: 'Peak memory', unit: 'MiB', better: 'lower', samples: samples((r) => r.peakMemoryMiB) },
      { id: 'total', title: 'In all', unit: 's', better: 'lower', samples: samples((r) => r.totalMs / 1000) },
    ],
    ratios: [
      ratio('sessions/s', STREAMS, rate, { atLeast: 1.5 }),
      ratio('sessions/s', STREAMS_IN_MEMORY, rate),
      ratioOf(`sessions/s, ${OUR_TWO} to ${STREAMS}`, of(OUR_TWO, rate), of(STREAMS, rate)),
      ratio('CPU', STREAMS, (r) => r.cpuMs),
      ratio('CPU', STREAMS_IN_MEMORY, (r) => r.cpuMs),
      ratio('peak memory', STREAMS, (r) => r.peakMemoryMiB, { atMost: 0.33 }),
    ].filter(({ value }) => !Number.isNaN(value)),
    curves: [],
    faults: [...results].flatMap(([name, rounds]) =>
      rounds.filter(({ faults }) => !isFaultless(faults)).map(({ faults }) => `${name}: ${describeFaults(faults)}.`),
    ),
  };
}

/** Latency at a steady rate, beside its peer. */
export function latencySection(
  results: ReadonlyMap<string, readonly LatencySummary[]>,
  sessionsPerSecond: number,
): Section {
  const ours = results.get(OUR_JOIN) ?? [];
  const theirs = results.get(STREAMS_DEFAULTS) ?? [];
  const samples = (pick: (r: LatencySummary) => number): Measure['samples'] =>
    Object.fromEntries([...results].map(([name, rounds]) => [name, rounds.map(pick)]));
  const p99 = ({ p99 }: LatencySummary): number => p99;
  return {
    id: 'latency',
    title: 'Join: latency',
    method: `${sessionsPerSecond} call sessions a second, four events each. From the moment that a session's last event is handed to the producer until
a read_committed consumer has its joined record; every session is waited for. All are up all the time and are given the load in turns,
of which the first second is not counted. Kafka Streams as it comes (2 threads, exactly_once_v2: it
commits every 100 ms), since what makes it fast in the catch-up makes it slow here. The floor is the same producer and consumer on the
events themselves.`,
    measures: [
      { id: 'p99', title: 'p99', unit: 'ms', better: 'lower', samples: samples(p99), asked: { atMost: 50 } },
      { id: 'p50', title: 'p50', unit: 'ms', better: 'lower', samples: samples((r) => r.p50) },
      { id: 'max', title: 'longest', unit: 'ms', better: 'lower', samples: samples((r) => r.max) },
    ],
    ratios: [
      ratioOf(`p99, ours to ${STREAMS_DEFAULTS}`, ours.map(p99), theirs.map(p99), { atMost: 1 }),
      ratioOf(
        `p50, ours to ${STREAMS_DEFAULTS}`,
        ours.map((r) => r.p50),
        theirs.map((r) => r.p50),
      ),
    ],
    curves: [],
    faults: [],
  };
}
