import { afterEach, beforeEach, expect, it } from 'vitest';
import { EventProducer, type EventProducerOptions } from '../../../../infra/kafka/produce/event-producer.js';
import { codeOf } from '../../../../infra/kafka/protocol/error-codes.js';
import { ProtocolError } from '../../../../infra/kafka/protocol/protocol-error.js';
import { silent } from '../../../support/stack-settings.js';
import { ScriptedSessions } from './scripted-sessions.js';

let kafka: ScriptedSessions;
let producer: EventProducer;
let troubles: (readonly number[] | 'all')[];

/** The key `2-a` goes to partition 2. Partitions 0 and 1 are led by broker 1, partition 2 by broker 2. */
const send = (key: string) => producer.send({ key, value: Buffer.from(key) });
const withdrawn = (...partitions: number[]) => producer.withdraw(new Set(partitions)).map(({ value }) => String(value));

function start(options: Partial<EventProducerOptions> = {}): void {
  producer = new EventProducer({
    open: kafka.open,
    topic: 'events',
    name: 'test',
    logger: silent,
    lingerMs: 0,
    onTrouble: (_reason, partitions) => troubles.push(partitions === undefined ? 'all' : [...partitions]),
    ...options,
  });
  producer.start();
}

beforeEach(() => {
  kafka = new ScriptedSessions();
  kafka.leaders = [1, 1, 2];
  kafka.partitionOf = (key) => Number(key?.[0]);
  troubles = [];
});
afterEach(() => producer.close());

it('sends to each leader by itself, and settles what each acknowledges', async () => {
  start();
  const a = send('0-a');
  (await kafka.next()).acknowledge();
  await a;
  const [b, c] = [send('0-b'), send('2-c')];
  const first = await kafka.next();
  const second = await kafka.next();
  expect([first.leader, second.leader]).toEqual([1, 2]);
  second.acknowledge();
  await c;
  first.acknowledge();
  await b;
});

it('keeps the session for the others when a partition fails, and finds another one for the partition', async () => {
  start();
  const a = send('0-a');
  const batch = await kafka.next();
  const b = send('1-b');
  const failing = await kafka.next();
  failing.fail(new ProtocolError(codeOf('NOT_LEADER_OR_FOLLOWER')), [1]);
  batch.acknowledge();
  await a;
  expect(producer.isConnected).toBe(true);
  expect(producer.troubleOf(1)).toContain('NOT_LEADER_OR_FOLLOWER');
  expect(producer.troubleOf(0)).toBeUndefined();
  const c = send('1-c');
  const again = await kafka.next();
  expect(again).toMatchObject({ session: 2, values: ['1-b', '1-c'] });
  again.acknowledge();
  await Promise.all([b, c]);
  expect(troubles).toEqual([[1]]);
  expect(producer.isWhole).toBe(true);
  expect(kafka.closed).toBe(1);
});

it('fails all partitions of a leader that does not answer, and no others', async () => {
  start({ requestTimeoutMs: 20 });
  const a = send('2-a');
  await kafka.next();
  const again = await kafka.next();
  expect(again).toMatchObject({ session: 2, values: ['2-a'] });
  again.acknowledge();
  await a;
  expect(troubles).toEqual([[2]]);
});

it('sends everything else while a partition has no leader from the start', async () => {
  kafka.leaderless = new Set([1]);
  start();
  const blocked = send('1-a');
  for (const key of ['0-b', '2-c', '0-d']) {
    const sent = send(key);
    const batch = await kafka.next();
    expect(batch.values).toEqual([key]);
    batch.acknowledge();
    await sent;
  }
  expect(troubles).toEqual([[1]]);
  expect(producer.pending).toBe(1);
  expect(producer.troubleOf(1)).toBe('it has no leader');
  kafka.leaderless = new Set();
  const last = await kafka.next();
  expect(last.values).toEqual(['1-a']);
  last.acknowledge();
  await blocked;
});

it('replaces the session only when nothing of it is in flight', async () => {
  kafka.leaderless = new Set([2]);
  start();
  const blocked = send('2-a');
  const first = send('0-b');
  const b = await kafka.next();
  kafka.leaderless = new Set();
  await expect.poll(() => kafka.opened).toBeGreaterThan(1);
  const second = send('0-c');
  expect(kafka.unread).toBe(0);
  b.acknowledge();
  await first;
  const [one, other] = [await kafka.next(), await kafka.next()];
  expect([...one.values, ...other.values].sort()).toEqual(['0-c', '2-a']);
  one.acknowledge();
  other.acknowledge();
  await Promise.all([blocked, second]);
});

it('a leader that is slow holds up its own partitions only', async () => {
  start({ maxInFlight: 1 });
  const slow = [send('2-a')];
  const held = await kafka.next();
  slow.push(send('2-b'), send('2-c'));
  for (const key of ['0-d', '0-e']) {
    const sent = send(key);
    const batch = await kafka.next();
    expect(batch.values).toEqual([key]);
    batch.acknowledge();
    await sent;
  }
  held.acknowledge();
  const rest = await kafka.next();
  expect(rest.values).toEqual(['2-b', '2-c']);
  rest.acknowledge();
  await Promise.all(slow);
});

it('withdraws the records of a partition, in order, wherever they are', async () => {
  start({ maxInFlight: 1 });
  const kept = [send('0-a')];
  const a = await kafka.next();
  void send('2-b');
  const b = await kafka.next();
  void send('2-c');
  kept.push(send('0-d'));
  void send('2-e');
  expect(withdrawn(2)).toEqual(['2-b', '2-c', '2-e']);
  expect(producer.troubleOf(2)).toContain('does not answer');
  expect(producer.troubleOf(0)).toBeUndefined();
  a.acknowledge();
  const d = await kafka.next();
  expect(d.values).toEqual(['0-d']);
  d.acknowledge();
  await Promise.all(kept);
  b.acknowledge();
  await expect.poll(() => producer.troubleOf(2)).toBeUndefined();
});

it('reports the partitions of a slow leader when a record is overdue', async () => {
  const onTrouble = (_reason: string, partitions?: ReadonlySet<number>) => {
    producer.withdraw(partitions);
    troubles.push([...(partitions ?? [])]);
  };
  start({ deliveryTimeoutMs: 50, onTrouble });
  void send('0-a');
  await kafka.next();
  await expect.poll(() => troubles).toEqual([[0, 1]]);
});
