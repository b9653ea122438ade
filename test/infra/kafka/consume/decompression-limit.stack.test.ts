import { afterAll, beforeAll, expect, it } from 'vitest';
import type { InputBatch } from '../../../../infra/kafka/consume/partition-feed.js';
import { PartitionFetcher } from '../../../../infra/kafka/consume/partition-fetcher.js';
import { EventProducer } from '../../../../infra/kafka/produce/event-producer.js';
import { produceSessions } from '../../../../infra/kafka/produce/produce-session.js';
import { MAX_BATCH_BYTES } from '../../../../infra/kafka/protocol/records/committed-records.js';
import { ensureTopics } from '../../../../infra/kafka/topics/ensure-topics.js';
import { silent, suiteEnv, suiteKafka } from '../../../support/stack-settings.js';

const { kafka, topics } = suiteKafka(suiteEnv('limit'));
const fetchers = new Set<PartitionFetcher>();

beforeAll(async () => {
  await ensureTopics(kafka, topics, { partitions: 1, replicationFactor: 1 });
  const open = produceSessions(kafka, { compression: 'zstd' });
  const producer = new EventProducer({ open, topic: topics.events, name: 'test', logger: silent });
  producer.start();
  const send = (value: Buffer) => producer.send({ key: 'key', value });
  await send(Buffer.from('before'));
  // Some kilobytes in the log.
  await send(Buffer.alloc(MAX_BATCH_BYTES));
  await send(Buffer.from('after'));
  await producer.close();
});
afterAll(() => Promise.all([...fetchers].map((fetcher) => fetcher.stop())));

/** Reads until the first batch or failure. */
function readFrom(offset: number): Promise<InputBatch | Error> {
  return new Promise((resolve) => {
    const fetcher = new PartitionFetcher(kafka, {
      topic: topics.events,
      onBatch: (batch) => {
        if (batch.records.length > 0) resolve(batch);
        return Promise.resolve();
      },
      onFailed: resolve,
    });
    fetchers.add(fetcher);
    fetcher.read(0, offset);
  });
}

it('a batch that decompresses to more than the limit fails with topic, partition and offset, and can be skipped', async () => {
  const failure = (await readFrom(1)) as Error;
  expect(failure).toBeInstanceOf(Error);
  expect(failure.message).toBe(`cannot decode ${topics.events}, partition 0, from offset 1`);
  const cause = failure.cause as Error;
  expect(cause.message).toMatch(/^the record batch at offset 1 cannot be decompressed \(\d+ bytes of zstd\)/);
  expect(cause.message).toContain('To skip it, continue at offset 2');
  expect((cause.cause as Error).message).toContain(`more than ${MAX_BATCH_BYTES} bytes`);

  const after = (await readFrom(2)) as InputBatch;
  expect(after.records.map(({ value }) => String(value))).toEqual(['after']);
});
