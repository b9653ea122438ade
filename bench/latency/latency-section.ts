import { STREAMS_DEFAULTS } from '../join/contenders/kafka-streams-join.js';
import { OUR_JOIN } from '../join/contenders/our-join.js';
import type { LatencySummary } from '../load/latencies.js';
import { samplesOf, type Section } from '../report/section.js';
import { ratioOf } from '../report/spread.js';

/** Latency at a steady rate, beside a peer. */
export function latencySection(
  results: ReadonlyMap<string, readonly LatencySummary[]>,
  sessionsPerSecond: number,
): Section {
  const p99 = samplesOf(results, (r) => r.p99);
  const p50 = samplesOf(results, (r) => r.p50);
  const max = samplesOf(results, (r) => r.max);
  const ratio = (what: string, samples: typeof p99, atMost?: number) =>
    ratioOf(
      `${what}, ours to ${STREAMS_DEFAULTS}`,
      samples[OUR_JOIN] ?? [],
      samples[STREAMS_DEFAULTS] ?? [],
      atMost === undefined ? undefined : { atMost },
    );
  return {
    id: 'latency',
    title: 'Join: latency',
    method: `${sessionsPerSecond} call sessions a second, four events each: from the moment a session's last event is handed to the producer until
a read_committed consumer has its joined record, for every session. All contenders keep running and are loaded in turns,
whose first second does not count. Kafka Streams runs with its defaults (2 threads, exactly_once_v2, a
commit every 100 ms), as the settings that make it fast in the catch-up make it slow here. The floor is the same producer and consumer on the
events themselves.`,
    measures: [
      { id: 'p99', title: 'p99', unit: 'ms', better: 'lower', samples: p99, asked: { atMost: 50 } },
      { id: 'p50', title: 'p50', unit: 'ms', better: 'lower', samples: p50 },
      { id: 'max', title: 'longest', unit: 'ms', better: 'lower', samples: max },
    ],
    ratios: [ratio('p99', p99, 1), ratio('p50', p50)],
    curves: [],
    faults: [],
  };
}
