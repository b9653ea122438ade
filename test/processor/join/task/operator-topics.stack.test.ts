import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { ensureTopics } from '../../../../infra/kafka/topics/ensure-topics.js';
import { SchemaRegistryClient } from '../../../../infra/schema-registry/client.js';
import { JoinRole } from '../../../../processor/join/join-role.js';
import { subjects } from '../../../../schemas/topics.js';
import { sessionEnded, textFinalized } from '../rules/session-events.js';
import { silent, suiteEnv, suiteKafka } from '../../../support/stack-settings.js';
import { TopicRecords } from '../../../support/topic-records.js';
import { encodeEvent } from './task-harness.js';

/** Kafka's default of `max.message.bytes`. */
const KAFKA_DEFAULT_BYTES = 1_048_588;
const SESSIONS = 3_000;
const HOUR_MS = 3_600_000;

it('joins a backlog on topics with default limits, and writes records that exceed them to the dead-letter topic', async () => {
  const { kafka, topics, settings } = suiteKafka(suiteEnv('operator-topics'));
  const admin = kafka.admin();
  await admin.connect();
  const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];
  await admin.createTopics({
    topics: Object.values(topics).map((topic) => ({ topic, numPartitions: 1, configEntries })),
    waitForLeaders: true,
  });
  await admin.disconnect();
  const { maxRecordBytes } = await ensureTopics(kafka, topics, { partitions: 6, replicationFactor: 1 });
  expect(maxRecordBytes).toBe(KAFKA_DEFAULT_BYTES);

  const schemaRegistry = new SchemaRegistryClient(settings);
  const subjectIds = await schemaRegistry.ensureSubjects(subjects(topics));
  const run = randomUUID();
  const message = (event: Parameters<typeof encodeEvent>[0]) => {
    return { key: event.sessionId, value: encodeEvent(event, subjectIds.events) };
  };
  const notes = 'n'.repeat(600);
  const large = sessionEnded({ sessionId: `${run}-large`, extractedVariables: { text: 'x'.repeat(1_040_000) } });
  const backlog = Array.from({ length: SESSIONS }, (_, n) => {
    return message(textFinalized({ sessionId: `${run}-${n}`, extractedVariables: { notes } }));
  });
  const producer = kafka.producer();
  await producer.connect();
  for (let from = 0; from < SESSIONS; from += 500) {
    await producer.send({ topic: topics.events, messages: backlog.slice(from, from + 500) });
  }
  await producer.send({ topic: topics.events, messages: [message(large)] });
  await producer.send({ topic: topics.events, messages: [message(textFinalized({ sessionId: `${run}-large` }))] });
  await producer.disconnect();

  const complete = await TopicRecords.open(kafka, topics.complete);
  const deadLetters = await TopicRecords.open(kafka, topics.deadLetter);
  const role = new JoinRole({
    kafka,
    topics,
    subjectIds,
    maxRecordBytes,
    logger: silent,
    metrics: new Registry(),
    groupId: `join-${run}`,
    rules: { recordingGraceMs: HOUR_MS, finalizeTimeoutMs: HOUR_MS, retentionMs: HOUR_MS, linkLifetimeMs: 1 },
    onFatal: (error) => {
      throw error;
    },
  });
  try {
    await role.start();
    await complete.until((records) => records.length > SESSIONS);
    await deadLetters.until((records) => records.length > 0);
  } finally {
    await role.stop();
    await Promise.all([complete.close(), deadLetters.close()]);
  }
  expect(new Set(complete.records.map(({ key }) => key?.toString())).size).toBe(SESSIONS + 1);
  expect(complete.records).toHaveLength(SESSIONS + 1);
  const [letter] = deadLetters.records;
  expect(letter?.key?.toString()).toBe(`${run}-large`);
  expect(letter?.value?.length).toBeGreaterThan(1_000_000);
});
