import type { Clock } from '../../infra/async/clock.js';
import { createKafka } from '../../infra/kafka/connection/client.js';
import { produceSessions } from '../../infra/kafka/produce/produce-session.js';
import type { Logger } from '../../infra/observability/logger.js';
import { eventSchemaPrerequisite, topicsPrerequisite } from '../../infra/program/prepare-kafka.js';
import { SchemaRegistryClient } from '../../infra/schema-registry/client.js';
import type { CommonSettings } from '../../infra/settings/common.js';
import { topicNames } from '../../schemas/topics.js';
import { wireHeader } from '../../schemas/wire-format.js';
import { TopicDelivery } from '../delivery/topic-delivery.js';
import type { SpoolSender } from './drain-spool.js';

/** Time that Kafka has to acknowledge a batch before it is sent again; nobody waits for an answer. */
const ACK_TIMEOUT_MS = 10_000;

const NO_OBSERVER = { spooled: () => undefined, drained: () => undefined, spoolFailed: () => undefined };

/** Sends spools to Kafka as an ingress does, with its dead letters and cuts. */
export function kafkaSender(settings: CommonSettings, logger: Logger, clock: Clock): SpoolSender {
  const kafka = createKafka(settings, 'drain-spool', logger);
  const topics = topicNames(settings.TOPIC_PREFIX);
  const stopping = new AbortController();
  // Only records that Kafka rejects go straight to a topic, and a failed attempt is repeated: no probe is needed.
  const probe = { isWritable: () => true, unavailable: () => new Map<number, string>() };
  const deps = { open: produceSessions(kafka), probe, observer: NO_OBSERVER, logger, clock, stopped: stopping.signal };
  const limits = { lingerMs: 0, ackTimeoutMs: ACK_TIMEOUT_MS };
  const deadLetters = new TopicDelivery({ name: 'dead-letter', topic: topics.deadLetter, ...limits }, deps);
  const events = new TopicDelivery({ name: 'events', topic: topics.events, ...limits }, { ...deps, deadLetters });
  const needs = { settings, kafka, topics, logger, clock, schemaRegistry: new SchemaRegistryClient(settings) };
  const topicsReady = topicsPrerequisite(needs, ['events', 'deadLetter']);
  const schemaReady = eventSchemaPrerequisite(needs);
  return {
    start: async (spools) => {
      const report = await topicsReady.obtain();
      const subjectIds = report && (await schemaReady.obtain());
      if (report === undefined || subjectIds === undefined) return;
      events.limit.configuredBytes = report.maxEventBytes;
      deadLetters.limit.configuredBytes = report.maxRecordBytes;
      events.line.start(wireHeader(subjectIds.events));
      deadLetters.line.start(Buffer.alloc(0));
      events.open(spools.events, (id) => spools.ofPartition('events', id));
      deadLetters.open(spools.deadLetters, (id) => spools.ofPartition('dead-letter', id));
      // Before the other records, which are newer than those of the same partition here.
      for (const { stream, id } of spools.partitions) (stream === 'events' ? events : deadLetters).lanes.resume(id);
      events.drain(spools.events);
      deadLetters.drain(spools.deadLetters);
    },
    stop: async () => {
      stopping.abort();
      topicsReady.stop();
      schemaReady.stop();
      await Promise.all([events.close(), deadLetters.close()]);
    },
  };
}
