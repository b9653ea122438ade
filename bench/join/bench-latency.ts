import type { BenchOptions } from '../bench-options.js';
import type { LatencySummary } from '../load/latencies.js';
import type { Section } from '../report/section.js';
import { latencySection } from './join-sections.js';
import { streamsAtDefaults } from './kafka-streams-join.js';
import { installKafkaStreams } from './kafka-streams-part.js';
import { measureLatency } from './latency.js';
import { ourJoin } from './our-join.js';

const SESSIONS_PER_SECOND = 500;
const FULL = { sessionsPerSecond: SESSIONS_PER_SECOND, warmUpSeconds: 6, seconds: 12 };
const QUICK: typeof FULL = { sessionsPerSecond: SESSIONS_PER_SECOND, warmUpSeconds: 1, seconds: 3 };

/** `npm run bench -- latency`: from a session's last event to its joined record, beside Kafka Streams at its defaults. */
export async function benchLatency({ site, quick, rounds, nodeArguments }: BenchOptions): Promise<Section[]> {
  const contenders = [ourJoin(nodeArguments), streamsAtDefaults(await installKafkaStreams(site.log))];
  const results = new Map<string, LatencySummary[]>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, summary] of await measureLatency(site, contenders, quick ? QUICK : FULL)) {
      results.set(name, [...(results.get(name) ?? []), summary]);
    }
  }
  return [latencySection(results, SESSIONS_PER_SECOND)];
}
