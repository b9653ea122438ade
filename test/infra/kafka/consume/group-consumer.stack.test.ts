import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import {
  GroupConsumer,
  type GroupConsumerOptions,
  type InputBatch,
} from '../../../../infra/kafka/consume/group-consumer.js';
import { suiteEnv, suiteKafka } from '../../../support/stack-settings.js';

const { kafka } = suiteKafka(suiteEnv('group-consumer'));
const admin = kafka.admin();
const consumers: GroupConsumer[] = [];
let topic = '';

beforeAll(async () => {
  await admin.connect();
});

afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
});

afterAll(async () => {
  await admin.disconnect();
});

async function createTopic(numPartitions = 1): Promise<void> {
  topic = `group-consumer-${randomUUID()}`;
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
}

async function send(values: readonly string[], partition = 0): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ partition, value })) });
  await producer.disconnect();
}

/** Fetches the offsets first, because kafkajs does not find the leaders by itself. */
async function deleteRecords(before: number): Promise<void> {
  const fresh = kafka.admin();
  await fresh.connect();
  await fresh.fetchTopicOffsets(topic);
  await fresh.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(before) }] });
  await fresh.disconnect();
}

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => String(from + index));

type Watched = {
  readonly consumer: GroupConsumer;
  readonly batches: InputBatch[];
  readonly assigned: (readonly number[])[];
  readonly errors: Error[];
  readonly until: (condition: () => boolean) => Promise<void>;
  readonly values: (partition?: number) => string[];
};

/** A member that records its batches and lets the test wait for them. */
async function consume(
  options: Partial<GroupConsumerOptions> = {},
  onBatch: GroupConsumerOptions['onBatch'] = () => Promise.resolve(),
): Promise<Watched> {
  const batches: InputBatch[] = [];
  const assigned: (readonly number[])[] = [];
  const errors: Error[] = [];
  const waiting = new Set<() => void>();
  const notify = (): void => waiting.forEach((wait) => wait());
  const consumer = new GroupConsumer(kafka, {
    groupId: randomUUID(),
    topic,
    startAt: 'committed',
    onAssigned: (partitions) => {
      assigned.push(partitions);
      notify();
    },
    onBatch: async (batch, handle) => {
      batches.push(batch);
      notify();
      await onBatch(batch, handle);
    },
    onCrash: (error) => {
      errors.push(error);
      notify();
    },
    ...options,
  });
  consumers.push(consumer);
  await consumer.start();
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const wait = (): void => {
        if (!condition()) return;
        waiting.delete(wait);
        resolve();
      };
      waiting.add(wait);
      wait();
    });
  const values = (partition = 0): string[] =>
    batches
      .filter((batch) => batch.partition === partition)
      .flatMap(({ records }) => records.map(({ value }) => value?.toString() ?? ''));
  return { consumer, batches, assigned, errors, until, values };
}

it('reads all partitions from the first record on, in order, existing records and new ones', async () => {
  await createTopic(3);
  for (const partition of [0, 1, 2]) await send(numbered(0, 200), partition);
  const { until, values } = await consume();
  await until(() => [0, 1, 2].every((partition) => values(partition).length >= 200));
  for (const partition of [0, 1, 2]) await send(numbered(200, 250), partition);
  await until(() => [0, 1, 2].every((partition) => values(partition).length >= 250));
  for (const partition of [0, 1, 2]) expect(values(partition)).toEqual(numbered(0, 250));
});

it('continues at the committed offset, and shares the partitions with another member', async () => {
  await createTopic(2);
  const groupId = randomUUID();
  for (const partition of [0, 1]) await send(numbered(0, 10), partition);
  const first = await consume({ groupId });
  await first.until(() => first.values(0).length + first.values(1).length === 20);
  await first.consumer.commit(
    new Map([
      [0, 4],
      [1, 10],
    ]),
  );
  const second = await consume({ groupId });
  await first.until(() => first.assigned.at(-1)?.length === 1);
  await second.until(() => second.assigned.at(-1)?.length === 1);
  const [moved = -1] = second.assigned.at(-1) ?? [];
  for (const partition of [0, 1]) await send(['new'], partition);
  await second.until(() => second.values(moved).includes('new'));
  await first.until(() => first.values(1 - moved).includes('new'));
  expect(second.values(moved)).toEqual(moved === 0 ? [...numbered(4, 10), 'new'] : ['new']);
  expect(second.values(1 - moved)).toEqual([]);
  expect(first.values(1 - moved)).toEqual([...numbered(0, 10), 'new']);
});

it('fetches ahead during a batch, and delivers one batch of a partition at a time', async () => {
  await createTopic();
  let inProgress = 0;
  let maxInProgress = 0;
  let openGate = (): void => undefined;
  const gate = new Promise<void>((resolve) => (openGate = resolve));
  const { batches, until, values } = await consume({}, async () => {
    maxInProgress = Math.max(maxInProgress, (inProgress += 1));
    if (batches.length === 1) await gate;
    inProgress -= 1;
  });
  await send(['first']);
  await until(() => batches.length === 1);
  for (const value of numbered(0, 5)) await send([value]);
  openGate();
  await until(() => values().length === 6);
  expect(values()).toEqual(['first', ...numbered(0, 5)]);
  expect(maxInProgress).toBe(1);
});

it('reads nothing before a seek, which makes the batch in progress stale', async () => {
  await createTopic();
  await send(numbered(0, 10));
  const stale: boolean[] = [];
  const watched: Watched = await consume({ startAt: 'seek' }, (_batch, handle) => {
    if (watched.batches.length === 1) watched.consumer.seek(0, 2);
    stale.push(handle.isStale());
    return Promise.resolve();
  });
  await watched.until(() => watched.assigned.length > 0);
  expect(watched.batches).toEqual([]);
  watched.consumer.seek(0, 7);
  await watched.until(() => watched.values().length >= 3 + 8);
  expect(watched.values()).toEqual([...numbered(7, 10), ...numbered(2, 10)]);
  expect(stale).toEqual([true, false]);
});

it('delivers a paused partition only after it is resumed', async () => {
  await createTopic(2);
  const { consumer, until, values, assigned } = await consume({ startAt: 'seek' });
  await until(() => assigned.length > 0);
  consumer.pause([0]);
  for (const partition of [0, 1]) consumer.seek(partition, 0);
  for (const partition of [0, 1]) await send(['x'], partition);
  await until(() => values(1).length === 1);
  expect(values(0)).toEqual([]);
  consumer.resume([0]);
  await until(() => values(0).length === 1);
});

it('skips the records of an aborted transaction with an empty batch', async () => {
  await createTopic();
  const transactional = kafka.producer({ transactionalId: randomUUID(), maxInFlightRequests: 1 });
  await transactional.connect();
  const transaction = await transactional.transaction();
  await transaction.send({ topic, messages: [{ partition: 0, value: 'aborted' }] });
  await transaction.abort();
  await transactional.disconnect();
  const { batches, until } = await consume();
  await until(() => batches.at(-1)?.nextOffset === 2);
  expect(batches.flatMap(({ records }) => records)).toEqual([]);
});

it('continues after deleted records', async () => {
  await createTopic();
  await send(numbered(0, 10));
  await deleteRecords(6);
  const { consumer, until, values, assigned, batches } = await consume({ startAt: 'seek' });
  await until(() => assigned.length > 0);
  consumer.seek(0, 3);
  await until(() => values().length === 4);
  expect(values()).toEqual(numbered(6, 10));
  expect(batches[0]?.records.length === 0 ? batches[0].nextOffset : 10).toBeGreaterThanOrEqual(6);
});

it('fails at a position beyond the end of the log', async () => {
  await createTopic();
  await send(['x']);
  const { consumer, until, assigned, errors } = await consume({ startAt: 'seek' });
  await until(() => assigned.length > 0);
  consumer.seek(0, 5);
  await until(() => errors.length > 0);
  expect(errors[0]?.message).toContain(`offset 5 of ${topic}, partition 0, is beyond its end`);
});

it('fails when the processing of a batch fails', async () => {
  await createTopic();
  await send(['x']);
  const { errors, until } = await consume({}, () => Promise.reject(new Error('refused')));
  await until(() => errors.length > 0);
  expect(errors[0]?.message).toBe('refused');
});
