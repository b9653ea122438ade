import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { afterAll, expect, it } from 'vitest';
import type { CompressionType } from '../../../../infra/kafka/compression/codec.js';
import { ensureTopics } from '../../../../infra/kafka/topics/ensure-topics.js';
import { SchemaRegistryClient } from '../../../../infra/schema-registry/client.js';
import { JoinRole } from '../../../../processor/join/join-role.js';
import { subjects, type TopicNames } from '../../../../schemas/topics.js';
import { callFinalized, recordingArchived, sessionEnded, textFinalized } from '../rules/session-events.js';
import { silent, suiteEnv, suiteKafka } from '../../../support/stack-settings.js';
import { storedCodecs } from '../../../support/stored-codecs.js';
import { TopicRecords } from '../../../support/topic-records.js';
import { encodeEvent } from './task-harness.js';

const HOUR_MS = 3_600_000;
const SESSIONS = 200;
const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const;

const { kafka, settings } = suiteKafka(suiteEnv('compressed'));
const admin = kafka.admin();
afterAll(() => admin.disconnect());

/** Type of a broker among the resources that have settings. */
const BROKER = 4;

/** Topics as an operator makes them, all with this compression type; by the broker's default if there is none. */
async function createTopics(topics: TopicNames, compressionType?: CompressionType): Promise<void> {
  const entry = (name: string, value: string) => ({ name, value });
  const configEntries = [
    entry('message.timestamp.type', 'LogAppendTime'),
    ...(compressionType === undefined ? [] : [entry('compression.type', compressionType)]),
  ];
  await admin.connect();
  await admin.createTopics({
    topics: Object.values(topics).map((topic) => ({
      topic,
      numPartitions: 2,
      configEntries: [...configEntries, ...(topic === topics.changelog ? [entry('cleanup.policy', 'compact')] : [])],
    })),
    waitForLeaders: true,
  });
}

/** Opens sessions, restarts the join, and completes them: it must have restored them from the changelog. */
async function joinAcrossRestart(topics: TopicNames, compression: CompressionType): Promise<void> {
  const { maxRecordBytes } = await ensureTopics(kafka, topics, { partitions: 2, replicationFactor: 1 });
  const schemaRegistry = new SchemaRegistryClient(settings);
  const subjectIds = await schemaRegistry.ensureSubjects(subjects(topics));
  const run = randomUUID();
  const failures: unknown[] = [];
  const startRole = async (): Promise<JoinRole> => {
    const role = new JoinRole({
      kafka,
      topics,
      subjectIds,
      maxRecordBytes,
      compression,
      logger: silent,
      metrics: new Registry(),
      groupId: `join-${run}`,
      rules: { recordingGraceMs: HOUR_MS, finalizeTimeoutMs: HOUR_MS, retentionMs: HOUR_MS, linkLifetimeMs: 1 },
      onFatal: (error) => failures.push(error),
    });
    await role.start();
    return role;
  };
  const producer = kafka.producer();
  await producer.connect();
  const send = (...events: Parameters<typeof encodeEvent>[0][]) =>
    producer.send({
      topic: topics.events,
      messages: events.map((event) => ({ key: event.sessionId, value: encodeEvent(event, subjectIds.events) })),
    });
  const ids = Array.from({ length: SESSIONS }, (_, n) => `${run}-${n}`);
  const complete = await TopicRecords.open(kafka, topics.complete);
  const completed = (id: string) => complete.records.some(({ key }) => key?.toString() === id);

  const first = await startRole();
  await send(...ids.flatMap((sessionId) => [sessionEnded({ sessionId }), callFinalized({ sessionId })]));
  // One of each partition, so that everything before them has been joined.
  const ends = Array.from({ length: 8 }, (_, n) => `${run}-end-${n}`);
  await send(...ends.map((sessionId) => textFinalized({ sessionId })));
  await complete.until(() => ends.every(completed));
  await first.stop();

  const second = await startRole();
  await send(...ids.map((sessionId) => recordingArchived({ sessionId })));
  await complete.until(() => ids.every(completed));
  await second.stop();
  await complete.close();
  await producer.disconnect();
  expect(complete.records).toHaveLength(ids.length + ends.length);
  const [one] = complete.records.filter(({ key }) => key?.toString() === ids[0]);
  // Of the session's first event, which only the changelog still knows.
  expect(JSON.parse(one?.value?.subarray(5).toString() ?? '')).toHaveProperty('timeline.sessionEnded');
  expect(failures).toEqual([]);
}

const topicsOf = (name: string) => suiteKafka(suiteEnv(`compressed-${name}`)).topics;

it.each(CODECS)('joins sessions across a restart on topics with compression.type=%s', async (type) => {
  const topics = topicsOf(type);
  await createTopics(topics, type);
  await joinAcrossRestart(topics, 'none');
  for (const topic of [topics.events, topics.changelog, topics.complete]) {
    expect([...(await storedCodecs(kafka, topic))]).toEqual([type]);
  }
});

it.each(CODECS)('writes outputs and changelog with %s, and restores from them', async (type) => {
  const topics = topicsOf(`by-us-${type}`);
  await createTopics(topics);
  await joinAcrossRestart(topics, type);
  expect(await storedCodecs(kafka, topics.complete)).toContain(type);
  expect(await storedCodecs(kafka, topics.changelog)).toContain(type);
});

it('joins sessions across a restart on a broker whose default is compression.type=zstd', async () => {
  await admin.connect();
  const { brokers } = await admin.describeCluster();
  const setDefault = (configEntries: { name: string; value: string }[]) =>
    admin.alterConfigs({
      validateOnly: false,
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum is of kafkajs, which only infra/kafka imports
      resources: brokers.map(({ nodeId }) => {
        return { type: BROKER, name: String(nodeId), configEntries };
      }),
    });
  await setDefault([{ name: 'compression.type', value: 'zstd' }]);
  try {
    const topics = topicsOf('default');
    await createTopics(topics);
    await joinAcrossRestart(topics, 'none');
    for (const topic of [topics.events, topics.changelog, topics.complete]) {
      expect([...(await storedCodecs(kafka, topic))]).toEqual(['zstd']);
    }
  } finally {
    await setDefault([]);
  }
});
