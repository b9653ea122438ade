import type { BenchOptions } from '../bench-options.js';
import type { Section } from '../report/section.js';
import { streamsAtDefaults } from '../join/contenders/kafka-streams-join.js';
import { installKafkaStreams } from '../join/contenders/install-kafka-streams.js';
import { latencySection } from './latency-section.js';
import { measureLatency } from './measure-latency.js';
import { ourJoin } from '../join/contenders/our-join.js';

const SESSIONS_PER_SECOND = 500;
const turn = (uncountedSeconds: number, seconds: number) => ({
  sessionsPerSecond: SESSIONS_PER_SECOND,
  uncountedSeconds,
  seconds,
});
const FULL = { warmUp: turn(0, 10), turn: turn(1, 10) };
const QUICK: typeof FULL = { warmUp: turn(0, 1), turn: turn(1, 3) };

/** `npm run bench -- latency`: from a session's last event to its joined record, beside Kafka Streams at its defaults. */
export async function benchLatency({ site, quick, rounds, nodeArguments }: BenchOptions): Promise<Section[]> {
  const contenders = [ourJoin(nodeArguments), streamsAtDefaults(await installKafkaStreams(site.log))];
  const results = await measureLatency(site, contenders, { rounds, ...(quick ? QUICK : FULL) });
  return [latencySection(results, SESSIONS_PER_SECOND)];
}
