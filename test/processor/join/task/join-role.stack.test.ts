import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { ensureTopics } from '../../../../infra/kafka/topics/ensure-topics.js';
import { MAX_RECORD_BYTES } from '../../../../infra/kafka/topics/topic-layout.js';
import { SchemaRegistryClient, type SubjectIds } from '../../../../infra/schema-registry/client.js';
import type { JoinRules } from '../../../../processor/join/rules/rules.js';
import { JoinRole } from '../../../../processor/join/join-role.js';
import type { SessionComplete } from '../../../../schemas/generated/types.js';
import { subjects } from '../../../../schemas/topics.js';
import type { SessionEventValue } from '../../../../schemas/validators.js';
import {
  callFinalized,
  recordingArchived,
  recordingReady,
  sessionEnded,
  textFinalized,
} from '../rules/session-events.js';
import { readProcessorSettings } from '../../../../processor/settings.js';
import { silent, suiteEnv, suiteKafka } from '../../../support/stack-settings.js';
import { TopicRecords } from '../../../support/topic-records.js';
import { encodeEvent } from './task-harness.js';

const env = suiteEnv('join');
const { kafka, topics, settings } = suiteKafka(env);
const schemaRegistry = new SchemaRegistryClient(settings);
const producer = kafka.producer();
const running = new Set<JoinRole>();
let subjectIds: SubjectIds;
let complete: TopicRecords;

const LONG: JoinRules = {
  recordingGraceMs: 3_600_000,
  finalizeTimeoutMs: 3_600_000,
  retentionMs: 3_600_000,
  linkLifetimeMs: 1,
};

beforeAll(async () => {
  await ensureTopics(kafka, topics, { partitions: 4, replicationFactor: 1 });
  subjectIds = await schemaRegistry.ensureSubjects(subjects(topics));
  complete = await TopicRecords.open(kafka, topics.complete);
  await producer.connect();
});

// Each test has its own group. A role left running would join the sessions of the next test a second time.
afterEach(() => Promise.all([...running].map(stop)));

afterAll(async () => {
  await complete.close();
  await producer.disconnect();
});

function start(groupId: string, rules: Partial<JoinRules> = {}, of = topics): JoinRole {
  const role = new JoinRole({
    kafka,
    groupId,
    topics: of,
    subjectIds,
    rules: { ...LONG, ...rules },
    maxRecordBytes: MAX_RECORD_BYTES,
    logger: silent,
    metrics: new Registry(),
    onFatal: (error) => {
      throw error;
    },
  });
  running.add(role);
  return role;
}

async function stop(role: JoinRole): Promise<void> {
  running.delete(role);
  await role.stop();
}

const send = (...events: readonly SessionEventValue[]) =>
  producer.send({
    topic: topics.events,
    messages: events.map((event) => ({ key: event.sessionId, value: encodeEvent(event, subjectIds.events) })),
  });

const countOf = (prefix: string) => complete.records.filter(({ key }) => key?.toString().startsWith(prefix)).length;

it('writes one record per session across restarts, readable with a plain registry client', async () => {
  const run = randomUUID();
  const ids = Array.from({ length: 40 }, (_, i) => `${run}-${i}`);
  const groupId = `join-${run}`;
  const first = start(groupId);
  await first.start();
  await send(...ids.flatMap((sessionId) => [sessionEnded({ sessionId }), callFinalized({ sessionId })]));
  await send(textFinalized({ sessionId: `${run}-text` }));
  await complete.until(() => countOf(`${run}-text`) === 1);
  await stop(first);
  await send(...ids.map((sessionId) => recordingArchived({ sessionId })));

  await start(groupId).start();
  await complete.until(() => countOf(run) >= ids.length + 1);
  await send(...ids.map((sessionId) => callFinalized({ sessionId })), textFinalized({ sessionId: `${run}-end` }));
  await complete.until(() => countOf(`${run}-end`) === 1);

  expect(countOf(run)).toBe(ids.length + 2);
  const registry = new SchemaRegistry({ host: settings.SCHEMA_REGISTRY_URL });
  const record = complete.records.find(({ key }) => key?.toString() === ids[0]);
  const decoded = (await registry.decode(record?.value ?? Buffer.alloc(0))) as SessionComplete;
  expect(decoded).toMatchObject({ sessionId: ids[0], channel: 'call', recording: { outcome: 'archived' } });
});

it('hands partitions over to a new instance, and back when an instance stops', async () => {
  const run = randomUUID();
  const groupId = `join-${run}`;
  const one = start(groupId);
  await one.start();
  const wave = async (name: string): Promise<void> => {
    const ids = Array.from({ length: 20 }, (_, i) => `${run}-${name}-${i}`);
    await send(...ids.flatMap((sessionId) => [recordingReady({ sessionId }), callFinalized({ sessionId })]));
    await send(...ids.map((sessionId) => recordingArchived({ sessionId })));
    await complete.until(() => countOf(`${run}-${name}`) >= ids.length);
    expect(countOf(`${run}-${name}`)).toBe(ids.length);
  };
  await wave('alone');
  const other = start(groupId);
  await other.start();
  await wave('together');
  await stop(one);
  await wave('other');
  expect(other.readinessFault()).toBeUndefined();
});

it('fires timers on idle partitions', async () => {
  const run = randomUUID();
  const incomplete = await TopicRecords.open(kafka, topics.incomplete);
  await start(`join-${run}`, { recordingGraceMs: 300, finalizeTimeoutMs: 300 }).start();
  await send(callFinalized({ sessionId: `${run}-call` }), sessionEnded({ sessionId: `${run}-open` }));
  await complete.until(() => countOf(run) === 1);
  await incomplete.until((records) => records.some(({ key }) => key?.toString() === `${run}-open`));
  await incomplete.close();
  expect(JSON.parse(complete.records.at(-1)?.value?.subarray(5).toString() ?? '')).toMatchObject({
    recording: { outcome: 'not_received' },
  });
});

it('an event of any size does not stop a partition', async () => {
  const run = randomUUID();
  const sessionId = `${run}-large`;
  const deadLetters = await TopicRecords.open(kafka, topics.deadLetter);
  await start(`join-${run}`).start();
  // The largest event that the ingress can accept. It is joined, unless the join would have to write it longer than it came.
  const bytes = MAX_RECORD_BYTES - 66 * 1024;
  const large = { text: 'x'.repeat(bytes) };
  const grows = encodeEvent(textFinalized({ sessionId, extractedVariables: { grows: 'HERE' } }), subjectIds.events);
  const numbers = grows.toString('latin1').replace('"HERE"', `[${'1e20,'.repeat(Math.floor(bytes / 5) - 1)}1]`);
  await producer.send({
    topic: topics.events,
    messages: [{ key: sessionId, value: Buffer.from(numbers, 'latin1') }],
  });
  for (const event of [
    sessionEnded({ sessionId, extractedVariables: large }),
    callFinalized({ sessionId, extractedVariables: large }),
    recordingArchived({ sessionId }),
    textFinalized({ sessionId: `${run}-next`, extractedVariables: large }),
  ]) {
    await send(event);
  }
  await send(textFinalized({ sessionId: `${run}-end` }));
  await complete.until(() => countOf(run) === 3);
  await deadLetters.until((records) => records.some(({ key }) => key?.toString() === sessionId));
  const deadLetter = deadLetters.records.find(({ key }) => key?.toString() === sessionId);
  expect(deadLetter?.value?.length).toBe(numbers.length);
  await deadLetters.close();
});

it('a timer does not wait for the remains of an aborted transaction at the end of its partition', async () => {
  const run = randomUUID();
  await start(`join-${run}`, { recordingGraceMs: 300 }).start();
  await send(callFinalized({ sessionId: `${run}-call` }));
  const aborting = kafka.producer({ transactionalId: `aborts-${run}`, idempotent: true, maxInFlightRequests: 1 });
  await aborting.connect();
  const transaction = await aborting.transaction();
  await transaction.send({ topic: topics.events, messages: [{ key: `${run}-call`, value: 'never seen' }] });
  await transaction.abort();
  await aborting.disconnect();
  await complete.until(() => countOf(run) === 1);
});

it('joins records under any schema id: the registry was rebuilt and gives out others, or does not know them', async () => {
  const run = randomUUID();
  await start(`join-${run}`).start();
  const ids = [0, 1, subjectIds.events + 1_000_000, 0xffff_ffff];
  await producer.send({
    topic: topics.events,
    messages: ids.map((id) => {
      const sessionId = `${run}-${id}`;
      return { key: sessionId, value: encodeEvent(textFinalized({ sessionId }), id) };
    }),
  });
  await complete.until(() => countOf(run) === ids.length);
});

it('two prefixes on one cluster with the default group do not disturb each other', async () => {
  const run = randomUUID();
  const others = suiteKafka(suiteEnv('join-other'));
  await ensureTopics(kafka, others.topics, { partitions: 4, replicationFactor: 1 });
  const groupOf = (prefix: string) => readProcessorSettings({ TOPIC_PREFIX: prefix }).PROCESSOR_GROUP_ID;
  const roles = [
    start(groupOf(settings.TOPIC_PREFIX)),
    start(groupOf(others.settings.TOPIC_PREFIX), {}, others.topics),
  ];
  await Promise.all(roles.map((role) => role.start()));
  const sessions = Array.from({ length: 60 }, (_, i) => textFinalized({ sessionId: `${run}-${i}` }));
  await send(...sessions);
  await producer.send({
    topic: others.topics.events,
    messages: sessions.map((event) => ({ key: event.sessionId, value: encodeEvent(event) })),
  });
  await complete.until(() => countOf(run) === sessions.length);
  const otherComplete = await TopicRecords.open(kafka, others.topics.complete);
  await otherComplete.until((records) => records.length === sessions.length);
  expect(roles.map((role) => role.readinessFault())).toEqual([undefined, undefined]);
  await otherComplete.close();
});

it('is not ready in a group that readers of other topics use too, and says which topics', async () => {
  const run = randomUUID();
  const groupId = `join-${run}`;
  const role = start(groupId);
  const stranger = kafka.consumer({ groupId });
  await stranger.connect();
  await stranger.subscribe({ topic: topics.complete });
  await stranger.run({ eachMessage: () => Promise.resolve() });
  await role.start();
  await expect
    .poll(() => role.readinessFault(), { timeout: 60_000 })
    .toContain(`consumer group ${groupId} is also used by readers of ${topics.complete}`);
  await stranger.disconnect();
  await expect.poll(() => role.readinessFault(), { timeout: 60_000 }).toBeUndefined();
});
