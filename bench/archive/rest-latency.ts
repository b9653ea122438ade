import { randomBytes } from 'node:crypto';
import { PartitionReader } from '../../infra/kafka/consume/partition-reader.js';
import { topicNames } from '../../schemas/topics.js';
import { decodeWire } from '../../schemas/wire-format.js';
import type { BenchSite } from '../site/bench-site.js';
import { Latencies, type LatencySummary } from '../load/latencies.js';
import { Bucket } from '../../lab/bucket.js';
import { checkBucket } from './check-bucket.js';
import { announce, OURS, prefixOf, untilReported } from './contenders/our-archive.js';
import { recordingsOf, recordingOfKey, sessionIdOf, type RecordingSet } from './source/recording-set.js';
import { linksOf } from './run-contender.js';
import { startSource } from './source/source-process.js';

/** Times in ms, counted from when recording.ready reached Kafka. */
export type RestLatency = {
  /** Until the object was in the store, by the store's clock. */
  readonly toObject: LatencySummary;
  /** Until recording.archived reached Kafka. */
  readonly toOutcome: LatencySummary;
  readonly faults: readonly string[];
};

const CONCURRENCY = 32;
/** Recordings that are not counted: the process still compiles its code. */
const WARM_UP = 10;

/** Announces small recordings one by one to an archive that has nothing else to do. */
export async function measureRestLatency(site: BenchSite, set: RecordingSet, everyMs: number): Promise<RestLatency> {
  const source = await startSource(site.dir, { set });
  const bucket = new Bucket(site.endpoints, `bench-${randomBytes(4).toString('hex')}`);
  const archiveSite = { site, source, bucket, concurrency: CONCURRENCY };
  try {
    const running = await OURS.start(archiveSite);
    try {
      await announce(archiveSite, linksOf(source, set.count), { perRequest: 1, pauseMs: everyMs });
      await untilReported(archiveSite, 2 * set.count);
    } finally {
      await running.stop();
    }
    const { readyAt, archivedAt } = await readTimes(site, topicNames(prefixOf(archiveSite)).events);
    const [toObject, toOutcome] = [new Latencies(), new Latencies()];
    for (const { key, storedAt } of await bucket.list()) {
      const number = recordingOfKey(key);
      if (number < WARM_UP) continue;
      const sessionId = sessionIdOf(number);
      toObject.add(storedAt.getTime() - (readyAt.get(sessionId) ?? NaN));
      toOutcome.add((archivedAt.get(sessionId) ?? NaN) - (readyAt.get(sessionId) ?? NaN));
    }
    const faults = await checkBucket(bucket, recordingsOf(set), OURS.name);
    return { toObject: toObject.summary(), toOutcome: toOutcome.summary(), faults };
  } finally {
    await source.stop();
    await bucket.remove();
  }
}

/** Reads when each session's records reached Kafka, by the broker's clock. Nobody may write meanwhile. */
async function readTimes({ kafka, offsets }: BenchSite, topic: string) {
  const readyAt = new Map<string, number>();
  const archivedAt = new Map<string, number>();
  const reader = new PartitionReader(kafka, topic);
  for (const [partition, { low, end }] of await offsets.bounds(topic)) {
    if (low === end) continue;
    await reader.read(partition, ({ offset, key, value, timestamp }) => {
      const json = decodeWire(value ?? Buffer.alloc(0))?.json.toString() ?? '{}';
      const { event } = JSON.parse(json) as { event?: string };
      const times = event === 'recording.ready' ? readyAt : archivedAt;
      times.set(key?.toString() ?? '', timestamp);
      return offset >= end - 1 ? 'done' : 'more';
    });
  }
  return { readyAt, archivedAt };
}
