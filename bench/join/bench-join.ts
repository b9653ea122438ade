import type { BenchOptions } from '../bench-options.js';
import type { Section } from '../report/section.js';
import { measureCatchUp } from './catch-up.js';
import { catchUpSection } from './catch-up-section.js';
import { streamsForThroughput, streamsInMemory } from './contenders/kafka-streams-join.js';
import { installKafkaStreams } from './contenders/install-kafka-streams.js';
import { OUR_JOIN_TWICE, ourJoin } from './contenders/our-join.js';

const FULL_SESSIONS = 200_000;
const QUICK_SESSIONS = 20_000;

/** `npm run bench -- join`: our join beside Kafka Streams, on the same backlog and broker, with every joined record compared. */
export async function benchJoin({ site, quick, rounds, nodeArguments }: BenchOptions): Promise<Section[]> {
  const jars = await installKafkaStreams(site.log);
  const ours = ourJoin(nodeArguments);
  const two = { ...ours, name: OUR_JOIN_TWICE, processes: 2 };
  // A quick run has no time for a second form of the same peer.
  const contenders = [ours, two, streamsForThroughput(jars), ...(quick ? [] : [streamsInMemory(jars)])];
  const sessions = quick ? QUICK_SESSIONS : FULL_SESSIONS;
  return [catchUpSection(await measureCatchUp(site, contenders, { sessions, rounds }), sessions)];
}
