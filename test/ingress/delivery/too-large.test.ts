import { expect, it, onTestFinished, vi } from 'vitest';
import { ProtocolError } from '../../../infra/kafka/protocol/protocol-error.js';
import type { OpenProduceSession, PartitionFailure } from '../../../infra/kafka/produce/produce-session.js';
import type { BatchRecord } from '../../../infra/kafka/protocol/records/record-batch.js';
import type { SpoolObserver } from '../../../ingress/delivery/spool-observer.js';
import { cutToFit } from '../../../ingress/delivery/rejected-record.js';
import { RecordLimit, recordBytes } from '../../../ingress/delivery/record-limit.js';
import { TopicDelivery } from '../../../ingress/delivery/topic-delivery.js';
import type { IncomingRecord, StoreOutcome } from '../../../ingress/record.js';
import { eventRecord } from '../../../ingress/webhook/event-record.js';
import { systemClock } from '../../../infra/async/clock.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silent } from '../../support/stack-settings.js';
import { MemoryFs } from '../spool/memory-fs.js';
import { event, openSpool } from '../spool/spool-harness.js';
import { SESSION_ENDED } from '../webhook/sample-events.js';

const MESSAGE_TOO_LARGE = 10;
const INVALID_RECORD = 87;

type Topics = Readonly<Record<'events' | 'dead-letter', BatchRecord[]>>;

/** Two topics that take records of this size, and refuse a key of `invalid`. */
function topicsOf(maxBytes: number) {
  const topics: Topics = { events: [], 'dead-letter': [] };
  const failureOf = (records: readonly BatchRecord[]): Error | undefined => {
    if (records.some(({ value }) => (value?.length ?? 0) > maxBytes)) return new ProtocolError(MESSAGE_TOO_LARGE);
    if (records.some(({ key }) => key === 'invalid')) return new ProtocolError(INVALID_RECORD);
    return undefined;
  };
  const open: OpenProduceSession = (topic) => {
    const failed = new Map<number, PartitionFailure>();
    return Promise.resolve({
      partitions: 1,
      failed,
      partitionFor: () => 0,
      leaderOf: () => 1,
      sendTo: (leader, records) => {
        const cause = failureOf(records);
        if (cause === undefined) topics[topic as keyof Topics].push(...records);
        else failed.set(0, { leader, cause });
        return Promise.resolve(new Map(cause === undefined ? [] : [[0, cause]]));
      },
      send: () => Promise.reject(new Error('not used by the producer')),
      close: () => undefined,
    });
  };
  return { topics, open };
}

async function start(maxBytes: number) {
  const { topics, open } = topicsOf(maxBytes);
  const failures: string[] = [];
  const observer: SpoolObserver = {
    spooled: () => undefined,
    drained: () => undefined,
    spoolFailed: (reason) => failures.push(reason),
  };
  const stopping = new AbortController();
  const shared = {
    open,
    probe: { isWritable: () => true, unavailable: () => new Map<number, string>() },
    observer,
    logger: silent,
    clock: systemClock,
  };
  const deps = { ...shared, stopped: stopping.signal };
  const limits = { lingerMs: 0, ackTimeoutMs: 600_000 };
  const deadLetters = new TopicDelivery({ name: 'dead-letter', topic: 'dead-letter', ...limits }, deps);
  const events = new TopicDelivery({ name: 'events', topic: 'events', ...limits }, { ...deps, deadLetters });
  for (const { line } of [events, deadLetters]) line.start(Buffer.alloc(0));
  onTestFinished(async () => {
    stopping.abort();
    await Promise.all([events.close(), deadLetters.close()]);
  });
  await vi.waitUntil(() => events.line.trouble() === undefined && deadLetters.line.trouble() === undefined);
  const accept = (to: TopicDelivery, record: IncomingRecord) =>
    new Promise<StoreOutcome>((resolve) => to.route.accept(record, resolve));
  return { topics, failures, events, deadLetters, accept };
}

const large = (bytes: number, key = 'large') => event(key, 'x'.repeat(bytes));

it('rejects an event that Kafka never takes, keeps as much of it as a dead letter as the topic takes, and learns', async () => {
  const { topics, events, accept } = await start(4_000);
  expect(events.limit.maxBodyBytes).toBe(Infinity);
  expect(await accept(events, large(10_000))).toEqual({ kind: 'rejected', isTooLarge: true });
  expect(topics.events).toEqual([]);
  const [letter] = topics['dead-letter'];
  expect(letter?.value?.length).toBeGreaterThan(1_000);
  expect(letter).toMatchObject({ key: 'large', headers: { reason: 'refused_by_kafka', 'cut-from-bytes': '10000' } });
  expect(events.limit.maxRecordBytes).toBeLessThan(recordBytes(large(10_000)));
});

it('cuts at once to a limit that is known', async () => {
  const { topics, events, deadLetters, accept } = await start(4_000);
  deadLetters.limit.configuredBytes = 3_000;
  await accept(events, large(10_000));
  const [letter] = topics['dead-letter'];
  expect(letter?.value?.length).toBeGreaterThan(2_000);
  expect(letter?.value?.length).toBeLessThan(3_000);
});

it('rejects an event that Kafka refuses for another reason, and keeps all of it', async () => {
  const { events, deadLetters, accept } = await start(4_000);
  const spool = await openSpool(new MemoryFs());
  deadLetters.route.open(spool);
  expect(await accept(events, event('invalid'))).toEqual({ kind: 'rejected', isTooLarge: false });
  // The fake refuses the dead letter too: it stays on disk, and is set aside when it is drained.
  expect(spool.records).toBe(1);
});

it('cuts spooled records that Kafka refuses, in place of setting their file aside', async () => {
  const { topics, failures, events, deadLetters } = await start(4_000);
  const fs = new MemoryFs();
  const spools = { events: await openSpool(fs), letters: await openSpool(fs, { dir: '/letters' }) };
  await spools.events.append(event('before'));
  await spools.events.append(large(100_000));
  await spools.events.append(event('behind'));
  await spools.letters.append({ ...large(50_000, 'letter'), stream: 'dead-letter' });
  // A refused record ends the session for its partition, whose records may take their lane until there is another one.
  const lanes = {
    events: await openSpool(fs, { dir: '/events.0-of-1' }),
    letters: await openSpool(fs, { dir: '/letters.0-of-1' }),
  };
  events.open(spools.events, () => lanes.events);
  deadLetters.open(spools.letters, () => lanes.letters);
  events.drain(spools.events);
  deadLetters.drain(spools.letters);
  const all = [...Object.values(spools), ...Object.values(lanes)];
  await vi.waitUntil(() => all.every(({ isEmpty }) => isEmpty), { timeout: 20_000 });
  expect(topics.events.map(({ key }) => key)).toEqual(['before', 'behind']);
  const letters = new Map(topics['dead-letter'].map(({ key, headers }) => [key, headers?.['cut-from-bytes']]));
  expect(letters).toEqual(
    new Map([
      ['letter', '50000'],
      ['large', '100000'],
    ]),
  );
  expect(failures).toEqual([]);
  expect(fs.paths(/refused/)).toEqual([]);
});

it('sets a file aside only if Kafka takes nothing of a dead letter, and counts it', async () => {
  const { failures, deadLetters } = await start(100);
  const fs = new MemoryFs();
  const spool = await openSpool(fs);
  await spool.append({ ...large(5_000), stream: 'dead-letter' });
  deadLetters.drain(spool);
  await vi.waitUntil(() => spool.isEmpty && fs.paths(/refused/).length === 1, { timeout: 20_000 });
  expect(failures).toEqual(['refused']);
});

it('leaves enough room beside the largest body for any event', () => {
  const limit = new RecordLimit(new ManualClock());
  limit.configuredBytes = 1_048_588;
  const sessionId = '😀'.repeat(256);
  const body = Buffer.alloc(limit.maxBodyBytes);
  const record = eventRecord(
    { ...SESSION_ENDED, sessionId } as Parameters<typeof eventRecord>[0],
    body,
    'x'.repeat(64),
  );
  expect(recordBytes(record)).toBeLessThanOrEqual(1_048_588);
});

it('forgets a refusal after a while, as the limit may have been raised', async () => {
  const clock = new ManualClock();
  const limit = new RecordLimit(clock);
  limit.learn(large(10_000));
  expect(limit.maxRecordBytes).toBeLessThan(11_000);
  await clock.advance(600_001);
  expect(limit.maxRecordBytes).toBe(Infinity);
});

it('does not cut to next to nothing', () => {
  expect(cutToFit(large(400), Infinity)).toBeUndefined();
  expect(cutToFit(large(4_000), 300)).toBeUndefined();
});
