import { samplesOf, type Asked, type Section } from '../report/section.js';
import { ratioOf } from '../report/spread.js';
import { CALL_EVENTS } from './call-sessions.js';
import type { CatchUp } from './catch-up.js';
import { STREAMS, STREAMS_IN_MEMORY } from './contenders/kafka-streams-join.js';
import { OUR_JOIN, OUR_JOIN_TWICE } from './contenders/our-join.js';
import { describeFaults, isFaultless } from './output-check.js';

/** The catch-up beside its peers. */
export function catchUpSection(results: ReadonlyMap<string, readonly CatchUp[]>, sessions: number): Section {
  const perEvent = (ms: number): number => (ms * 1000) / (sessions * CALL_EVENTS.length);
  const rates = samplesOf(results, (r) => r.sessionsPerSecond);
  const cpu = samplesOf(results, (r) => perEvent(r.cpuMs));
  const brokerCpu = samplesOf(results, (r) => perEvent(r.brokerCpuMs));
  const memory = samplesOf(results, (r) => r.peakMemoryMiB);
  const total = samplesOf(results, (r) => r.totalMs / 1000);
  const ratio = (what: string, peer: string, samples: typeof rates, asked?: Asked) =>
    ratioOf(`${what}, ours to ${peer}`, samples[OUR_JOIN] ?? [], samples[peer] ?? [], asked);
  const isBrokerKnown = (brokerCpu[OUR_JOIN] ?? []).every((value) => !Number.isNaN(value));
  return {
    id: 'join',
    title: 'Join: a backlog worked off, exactly once',
    method: `${sessions.toLocaleString('en')} call sessions, four events each, shuffled in a window of 2,000 sessions, wait in a topic of 6 partitions. Each
contender starts as a new process without state and processes them exactly once, by the same rules; they take turns. Then *every* joined
record is read with read_committed and compared with the record that is right. The rate is counted from the first to the last joined record, by the
broker's clock; CPU and memory are those of the process, from its start.

- *${OUR_JOIN}*: \`dist/processor/main.js\` with its defaults, as \`npm start\` and the image run it: one thread of JavaScript. *${OUR_JOIN_TWICE}*: two such processes in one group, their CPU and
  memory added up, as Kafka Streams has two threads.
- *${STREAMS}*: 4.1, exactly_once_v2, 2 threads, RocksDB, tuned for throughput: \`bench/join/contenders/kafka-streams-join.ts\` and
  \`JoinTopology.java\` say how, and why. *${STREAMS_IN_MEMORY}*: the same, with its state in memory.`,
    measures: [
      { id: 'rate', title: 'Joined', unit: 'sessions/s', better: 'higher', samples: rates },
      { id: 'cpu', title: 'CPU an event', unit: 'µs', better: 'lower', samples: cpu },
      ...(isBrokerKnown
        ? [
            {
              id: 'broker-cpu',
              title: 'CPU of the broker an event',
              unit: 'µs',
              better: 'lower' as const,
              samples: brokerCpu,
            },
          ]
        : []),
      { id: 'memory', title: 'Peak memory', unit: 'MiB', better: 'lower', samples: memory },
      { id: 'total', title: 'In all', unit: 's', better: 'lower', samples: total },
    ],
    ratios: [
      ratio('sessions/s', STREAMS, rates, { atLeast: 1.5 }),
      ratio('sessions/s', STREAMS_IN_MEMORY, rates),
      ratioOf(`sessions/s, ${OUR_JOIN_TWICE} to ${STREAMS}`, rates[OUR_JOIN_TWICE] ?? [], rates[STREAMS] ?? []),
      ratio('CPU', STREAMS, cpu),
      ratio('CPU', STREAMS_IN_MEMORY, cpu),
      ratio('peak memory', STREAMS, memory, { atMost: 0.33 }),
    ].filter(({ value }) => !Number.isNaN(value)),
    curves: [],
    faults: [...results].flatMap(([name, rounds]) =>
      rounds.filter(({ faults }) => !isFaultless(faults)).map(({ faults }) => `${name}: ${describeFaults(faults)}.`),
    ),
  };
}
