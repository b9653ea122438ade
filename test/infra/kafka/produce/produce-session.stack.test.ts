import { afterAll, beforeAll, expect, it } from 'vitest';
import { produceSessions, type ProduceSession } from '../../../../infra/kafka/produce/produce-session.js';
import { refusesRecords } from '../../../../infra/kafka/protocol/protocol-error.js';
import { ensureTopics } from '../../../../infra/kafka/topics/ensure-topics.js';
import { MAX_RECORD_BYTES } from '../../../../infra/kafka/topics/topic-layout.js';
import { suiteEnv, suiteKafka } from '../../../support/stack-settings.js';
import { TopicRecords } from '../../../support/topic-records.js';

const { kafka, topics } = suiteKafka(suiteEnv('session'));
const open = produceSessions(kafka);
const TIMEOUT_MS = 30_000;
const record = (key: string | null, value: string) => ({ key, value: Buffer.from(value) });

let session: ProduceSession;

beforeAll(async () => {
  await ensureTopics(kafka, topics, { partitions: 3, replicationFactor: 1 });
  session = await open(topics.events, TIMEOUT_MS);
});
afterAll(() => session.close());

it('keeps the order of a key over many batches in flight', async () => {
  const sends: Promise<void>[] = [];
  for (let batch = 0; batch < 50; batch += 1) {
    const records = Array.from({ length: 40 }, (_, n) => record(`key-${n % 7}`, String(batch * 40 + n)));
    sends.push(session.send(records, TIMEOUT_MS));
  }
  await Promise.all(sends);
  const reader = await TopicRecords.open(kafka, topics.events);
  const records = await reader.until((read) => read.length >= 2_000);
  await reader.close();
  const byKey = new Map<string, (typeof records)[number][]>();
  for (const one of records) byKey.set(String(one.key), [...(byKey.get(String(one.key)) ?? []), one]);
  expect(byKey.size).toBe(7);
  for (const one of byKey.values()) {
    const numbers = one.map(({ value }) => Number(value));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
  }
});

it('chooses the same partition as other Kafka clients', async () => {
  await session.send([record('user-éé-1', 'partition of a key')], TIMEOUT_MS);
  const producer = kafka.producer();
  await producer.connect();
  const sent = await producer.send({ topic: topics.events, messages: [{ key: 'user-éé-1', value: 'the same' }] });
  await producer.disconnect();
  const reader = await TopicRecords.open(kafka, topics.events);
  const records = await reader.until((read) => read.some(({ value }) => String(value) === 'the same'));
  await reader.close();
  const mine = records.filter(({ key }) => String(key) === 'user-éé-1');
  expect(mine.map(({ value }) => String(value))).toEqual(['partition of a key', 'the same']);
  expect(sent[0]?.partition).toBeTypeOf('number');
});

it('ends for the partition of a refused record, and distinguishes that from other failures', async () => {
  const doomed = await open(topics.deadLetter, TIMEOUT_MS);
  const tooLarge = doomed.send([{ key: 'key', value: Buffer.alloc(2 * MAX_RECORD_BYTES) }], TIMEOUT_MS);
  await expect(tooLarge).rejects.toSatisfy(refusesRecords);
  await expect(doomed.send([record('key', 'later')], TIMEOUT_MS)).rejects.toThrow('has ended');
  // Records without a key go to the other partitions.
  for (let nth = 0; nth < 3; nth += 1) await doomed.send([record(null, 'elsewhere')], TIMEOUT_MS);
  doomed.close();
  const next = await open(topics.deadLetter, TIMEOUT_MS);
  await next.send([record('key', 'in a new session')], TIMEOUT_MS);
  next.close();
});

it('cannot be opened for a missing topic', async () => {
  await expect(open(`${topics.events}.missing`, TIMEOUT_MS)).rejects.toThrow();
});
