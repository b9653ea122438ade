import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreeBase } from '../../../dev/local-stack/tcp-ports.js';
import { httpProbe, withReadiness } from '../../../dev/local-stack/services/readiness.js';
import { supervise } from '../../../dev/local-stack/process/supervised-process.js';
import { commandOf } from '../../../dev/local-stack/services/toolchain.js';
import { topicNames } from '../../../schemas/topics.js';
import type { BenchSite } from '../../site/bench-site.js';
import type { JoinContender } from './contender.js';
import { deleteTopics, freshTopics } from '../../site/fresh-topics.js';
import { registerSubjects } from '../../site/schema-ids.js';

type Properties = Readonly<Record<string, string | number>>;

export const STREAMS = 'Kafka Streams';
export const STREAMS_IN_MEMORY = 'Kafka Streams, in memory';
export const STREAMS_DEFAULTS = 'Kafka Streams, defaults';

/** Exactly once on two threads, otherwise the defaults of Kafka Streams, which then commits every 100 ms. */
const DEFAULTS: Properties = { 'processing.guarantee': 'exactly_once_v2', 'num.stream.threads': 2 };

/** Tuned for throughput as its users do: larger transactions, fetches and batches. `JoinTopology.java` says why there is no record cache. */
const FOR_THROUGHPUT: Properties = {
  ...DEFAULTS,
  'commit.interval.ms': 1_000,
  'buffered.records.per.partition': 5_000,
  'consumer.max.poll.records': 5_000,
  'consumer.max.partition.fetch.bytes': 4 * 1024 * 1024,
  'producer.batch.size': 256 * 1024,
  'producer.buffer.memory': 64 * 1024 * 1024,
};

/**
 * Heap options. Without a limit the heap would grow to a quarter of the machine's memory; a smaller one loses time to collections, and a
 * larger one gains none. On two cores the parallel collector uses less CPU than G1.
 */
const HEAP = ['-XX:+UseParallelGC', '-Xms256m', '-Xmx512m'];
const HEAP_WITH_STATE = ['-XX:+UseParallelGC', '-Xms256m', '-Xmx768m'];

/** Kafka Streams with its best settings for a backlog. @param jars see `installKafkaStreams`. */
export function streamsForThroughput(jars: string): JoinContender {
  return kafkaStreamsJoin({ name: STREAMS, jars, properties: FOR_THROUGHPUT });
}

/** The same with its state on the heap, and a larger heap. */
export function streamsInMemory(jars: string): JoinContender {
  return kafkaStreamsJoin({
    name: STREAMS_IN_MEMORY,
    jars,
    properties: FOR_THROUGHPUT,
    store: 'memory',
    heap: HEAP_WITH_STATE,
  });
}

/** Kafka Streams with its defaults. */
export function streamsAtDefaults(jars: string): JoinContender {
  return kafkaStreamsJoin({ name: STREAMS_DEFAULTS, jars, properties: DEFAULTS });
}

type KafkaStreamsOptions = {
  readonly name: string;
  readonly jars: string;
  readonly properties: Properties;
  readonly store?: 'rocksdb' | 'memory';
  readonly heap?: readonly string[];
};

/** The join in `bench/peers/kafka-streams`: the same rules and the same times as ours. */
function kafkaStreamsJoin({
  name,
  jars,
  properties,
  store = 'rocksdb',
  heap = HEAP,
}: KafkaStreamsOptions): JoinContender {
  return {
    name,
    prepare: async (site, inputPrefix) => {
      const outputPrefix = `${site.prefix}streams-${randomBytes(3).toString('hex')}.`;
      await freshTopics(site.kafka, outputPrefix);
      const own = { ...properties, ...(await joinProperties(site, inputPrefix, outputPrefix)), 'join.store': store };
      const dir = join(site.dir, outputPrefix);
      mkdirSync(dir);
      return {
        groupId: outputPrefix,
        outputPrefix,
        start: async () => {
          const port = await findFreeBase();
          const file = join(dir, 'join.properties');
          writeFileSync(file, lines({ ...own, 'state.dir': dir, 'join.port': port }));
          const started = supervise({
            name,
            command: [
              commandOf('java', process.env),
              ...heap,
              '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
              ...['-cp', join(jars, '*'), 'peer.join.Main', file],
            ],
            env: process.env,
            logFile: join(site.dir, 'logs', 'kafka-streams.log'),
            graceMs: 30_000,
          });
          return withReadiness(started, httpProbe(`http://127.0.0.1:${port}/readyz`), 120_000);
        },
        cleanUp: async () => {
          rmSync(dir, { recursive: true, force: true });
          await deleteTopics(site.kafka, outputPrefix);
        },
      };
    },
  };
}

/** Settings of the peer; its times are the processor's defaults. */
async function joinProperties(site: BenchSite, inputPrefix: string, outputPrefix: string): Promise<Properties> {
  const ids = await registerSubjects(site, inputPrefix);
  return {
    'bootstrap.servers': site.endpoints.KAFKA_BROKERS,
    'application.id': outputPrefix,
    'join.input.topic': topicNames(inputPrefix).events,
    'join.output.prefix': outputPrefix,
    'join.schema.complete': ids.complete,
    'join.schema.amended': ids.amended,
    'join.schema.incomplete': ids.incomplete,
    'join.recording.grace.ms': 900_000,
    'join.finalize.timeout.ms': 3_600_000,
    'join.retention.ms': 259_200_000,
    'join.link.lifetime.ms': 900_000,
  };
}

function lines(properties: Properties): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
