import { COMPRESSION_TYPES } from '../../infra/kafka/compression/codec.js';
import type { BenchOptions } from '../bench-options.js';
import type { Section } from '../report/section.js';
import type { BenchSite } from '../site/bench-site.js';
import { deleteTopics, PARTITIONS } from '../site/fresh-topics.js';
import { compressionSection } from './compression-section.js';
import { measureWriting, type Writing } from './measure-writing.js';

/** Events a second: a quiet system, whose batches hold an event or two, and a busy one. */
export const RATES = [500, 10_000] as const;
const FULL = { turnMs: 2_500, warmUpMs: 1_500 };
const QUICK: typeof FULL = { turnMs: 1_200, warmUpMs: 500 };

/** `npm run bench -- compression`: what each compression type saves on the broker's disk, and what it costs in CPU. */
export async function benchCompression({ site, quick, rounds }: BenchOptions): Promise<Section[]> {
  const { turnMs, warmUpMs } = quick ? QUICK : FULL;
  const results = new Map<string, Writing[]>();
  // The first round only warms up.
  for (let round = 0; round <= rounds; round += 1) {
    const turns = RATES.flatMap((rate) => COMPRESSION_TYPES.map((compression) => ({ rate, compression })));
    const topicOf = ({ rate, compression }: (typeof turns)[number]) => `${site.prefix}${compression}-${rate}-${round}`;
    await createTopics(site, turns.map(topicOf));
    for (const turn of turns) {
      const durationMs = round === 0 ? warmUpMs : turnMs;
      const writing = await measureWriting(site, { ...turn, topic: topicOf(turn), durationMs });
      if (round === 0) continue;
      const name = `${turn.compression} at ${turn.rate} events/s`;
      results.set(name, [...(results.get(name) ?? []), writing]);
      site.log(`compression, round ${round} of ${rounds}: ${name}: ${describe(writing)}`);
    }
  }
  await deleteTopics(site.kafka, site.prefix);
  return [compressionSection(results, RATES, turnMs)];
}

async function createTopics({ kafka }: BenchSite, names: readonly string[]): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  const topics = names.map((topic) => ({ topic, numPartitions: PARTITIONS, replicationFactor: 1 }));
  // The producer waits for the leaders.
  await admin.createTopics({ topics, waitForLeaders: false });
  await admin.disconnect();
}

function describe({ eventBytes, cpuMicros, brokerMicros }: Writing): string {
  return `${eventBytes.toFixed(0)} bytes, ${cpuMicros.toFixed(1)} µs CPU, ${brokerMicros.toFixed(1)} µs of the broker's an event`;
}
