import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Kafka } from '../../../../infra/kafka/connection/client.js';
import type { InputBatch } from '../../../../infra/kafka/consume/partition-feed.js';
import { PartitionFetcher } from '../../../../infra/kafka/consume/partition-fetcher.js';
import { codeOf } from '../../../../infra/kafka/protocol/error-codes.js';
import type { FetchAnswer } from '../../../../infra/kafka/protocol/fetch-request.js';
import { RecordBatch } from '../../../../infra/kafka/protocol/records/record-batch.js';
import { ManualClock } from '../../../support/manual-clock.js';

const TOPIC = 'events';
const PRODUCER = { id: -1n, epoch: -1, firstSequence: -1, isTransactional: false };

/** A kafkajs client with one broker, which leads partition 0 and answers fetches as scripted, then never again. */
class ScriptedKafka {
  sessions = 0;
  readonly answers: Partial<FetchAnswer>[] = [];
  readonly kafka = { [Symbol('private:Kafka:createCluster')]: () => this.cluster() } as unknown as Kafka;

  private cluster() {
    this.sessions += 1;
    return {
      connect: () => Promise.resolve(),
      disconnect: () => Promise.resolve(),
      addMultipleTargetTopics: () => Promise.resolve(),
      findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
      findBroker: () => Promise.resolve({ connectionPool: { send: () => this.answer() } }),
    };
  }

  private answer(): Promise<readonly FetchAnswer[]> {
    const next = this.answers.shift();
    if (next === undefined) return new Promise(() => undefined);
    const nothing = { partition: 0, errorCode: 0, highWatermark: 0, aborted: [], recordSet: Buffer.alloc(0) };
    return Promise.resolve([{ ...nothing, ...next }]);
  }
}

function recordSet(...values: readonly string[]): Buffer {
  const batch = new RecordBatch();
  for (const value of values) batch.append({ key: null, value: Buffer.from(value) });
  const bytes = Buffer.alloc(batch.length);
  batch.write(bytes, 0, PRODUCER, 0);
  return bytes;
}

let script: ScriptedKafka;
let clock: ManualClock;
let batches: InputBatch[];
let failures: Error[];
let fetcher: PartitionFetcher;

beforeEach(() => {
  script = new ScriptedKafka();
  clock = new ManualClock();
  batches = [];
  failures = [];
  fetcher = new PartitionFetcher(script.kafka, {
    topic: TOPIC,
    onBatch: (batch) => {
      batches.push(batch);
      return Promise.resolve();
    },
    onFailed: (error) => void failures.push(error),
    clock,
  });
});

afterEach(async () => {
  await fetcher.stop();
});

/** Advances the time until the condition holds; promises of the fetcher run in between. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !condition(); i += 1) {
    await clock.advance(100);
    await new Promise(setImmediate);
  }
  expect(condition()).toBe(true);
}

it('reads records from the offset that it was given', async () => {
  script.answers.push({ recordSet: recordSet('a', 'b', 'c'), highWatermark: 3 });
  fetcher.read(0, 1);
  await until(() => batches.length === 1);
  expect(batches[0]).toMatchObject({ partition: 0, nextOffset: 3, highWatermark: 3 });
  expect(batches[0]?.records.map(({ value }) => String(value))).toEqual(['b', 'c']);
});

it.each(['NOT_LEADER_OR_FOLLOWER', 'FENCED_LEADER_EPOCH', 'KAFKA_STORAGE_ERROR', 'REQUEST_TIMED_OUT'] as const)(
  'finds the leader again after %s and reports nothing',
  async (name) => {
    script.answers.push({ errorCode: codeOf(name) }, { recordSet: recordSet('a'), highWatermark: 1 });
    fetcher.read(0, 0);
    await until(() => batches.length === 1);
    expect(script.sessions).toBe(2);
    expect(failures).toEqual([]);
  },
);

it.each(['UNSUPPORTED_COMPRESSION_TYPE', 'TOPIC_AUTHORIZATION_FAILED', 'UNKNOWN_SERVER_ERROR'] as const)(
  'reports %s with topic, partition and offset, and does not look for another leader',
  async (name) => {
    script.answers.push({ errorCode: codeOf(name) });
    fetcher.read(0, 17);
    await until(() => failures.length === 1);
    expect(failures[0]?.message).toContain(`reading events, partition 0, from offset 17: Kafka answered ${name}`);
    expect(script.sessions).toBe(1);
    expect(fetcher.partitions).toEqual([]);
  },
);

it('reports records that cannot be decoded with topic, partition and offset', async () => {
  const damaged = recordSet('a');
  damaged[damaged.length - 1] = 99;
  script.answers.push({ recordSet: damaged, highWatermark: 1 });
  fetcher.read(0, 0);
  await until(() => failures.length === 1);
  expect(failures[0]?.message).toBe('cannot decode events, partition 0, from offset 0');
  expect((failures[0]?.cause as Error).message).toContain('is damaged');
});
