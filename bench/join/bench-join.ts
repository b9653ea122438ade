import type { BenchOptions } from '../bench-options.js';
import type { Section } from '../report/section.js';
import { measureCatchUp } from './catch-up.js';
import { catchUpSection } from './join-sections.js';
import { streamsForThroughput, streamsInMemory } from './contenders/kafka-streams-join.js';
import { installKafkaStreams } from './contenders/kafka-streams-part.js';
import { OUR_TWO, ourJoin } from './contenders/our-join.js';

const FULL_SESSIONS = 200_000;
const QUICK_SESSIONS = 20_000;

/** `npm run bench -- join`: our join beside Kafka Streams, on the same backlog and broker, every joined record compared. */
export async function benchJoin({ site, quick, rounds, nodeArguments }: BenchOptions): Promise<Section[]> {
  const jars = await installKafkaStreams(site.log);
  const ours = ourJoin(nodeArguments);
  const two = { ...ours, name: OUR_TWO, processes: 2 };
  // A look has no time for the second form of the same peer.
  const contenders = [ours, two, streamsForThroughput(jars), ...(quick ? [] : [streamsInMemory(jars)])];
  const sessions = quick ? QUICK_SESSIONS : FULL_SESSIONS;
  return [catchUpSection(await measureCatchUp(site, contenders, { sessions, rounds }), sessions)];
}
