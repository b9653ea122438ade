import { beforeAll, describe, expect, it } from 'vitest';
import type { CompressionType } from '../../../../infra/kafka/compression/codec.js';
import { produceSessions } from '../../../../infra/kafka/produce/produce-session.js';
import { ensureTopics } from '../../../../infra/kafka/topics/ensure-topics.js';
import { TransactionalWriter } from '../../../../infra/kafka/transaction/transactional-writer.js';
import { javaClient } from '../../../support/java-client.js';
import { suiteEnv, suiteKafka } from '../../../support/stack-settings.js';
import { storedCodecs } from '../../../support/stored-codecs.js';
import { TopicRecords } from '../../../support/topic-records.js';

const TYPES: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const RECORDS = 2_000;
const TIMEOUT_MS = 30_000;
const LARGE = 'a large record '.repeat(20_000);

const java = await javaClient();
const env = suiteEnv('java-clients');
const brokers = env['KAFKA_BROKERS'] ?? '';

/** Records that fill several blocks of each codec. */
const records = (type: string) =>
  Array.from({ length: RECORDS }, (_, n) => {
    return { key: `${type}-${n}`, value: n === 7 ? LARGE : `the value of record ${n * 7_919} in a batch of ${type}` };
  });

if ('why' in java) {
  describe.skip(`Apache Kafka's own clients (${java.why})`, () => it('are needed', () => undefined));
} else {
  describe.each(TYPES)("Apache Kafka's own clients, with compression type %s", (type) => {
    const { kafka, topics } = suiteKafka({ ...env, TOPIC_PREFIX: `${env['TOPIC_PREFIX'] ?? ''}${type}.` });

    beforeAll(async () => {
      await ensureTopics(kafka, topics, { partitions: 1, replicationFactor: 1 });
    });

    it('write batches that we read', async () => {
      const properties = ['linger.ms=50', 'batch.size=65536', 'max.request.size=4000000'];
      await java.run(
        'ConsoleProducer',
        [
          ...['--bootstrap-server', brokers, '--topic', topics.deadLetter, '--compression-codec', type],
          ...['--property', 'parse.key=true', '--property', 'key.separator=|'],
          ...properties.flatMap((property) => ['--producer-property', property]),
        ],
        records(type)
          .map(({ key, value }) => `${key}|${value}\n`)
          .join(''),
      );
      const reader = await TopicRecords.open(kafka, topics.deadLetter);
      const read = await reader.until((all) => all.length >= RECORDS);
      await reader.close();
      expect(read.map(({ key, value }) => ({ key: String(key), value: String(value) }))).toEqual(records(type));
      expect([...(await storedCodecs(kafka, topics.deadLetter))]).toEqual([type]);
    });

    it('read the batches that we write, in transactions and without', async () => {
      const session = await produceSessions(kafka, { compression: type })(topics.incomplete, TIMEOUT_MS);
      await session.send(
        records(type).map(({ key, value }) => ({ key, value: Buffer.from(value) })),
        TIMEOUT_MS,
      );
      session.close();
      const writer = await TransactionalWriter.open(kafka, {
        transactionalId: `${topics.incomplete}-${type}`,
        topics: [topics.incomplete],
        transactionTimeoutMs: TIMEOUT_MS,
        maxBatchBytes: 1_000_000,
        compression: type,
      });
      for (const { key, value } of records(type)) {
        writer.append({ topic: topics.incomplete, partition: 0, key, value: Buffer.from(value) });
      }
      await writer.commit();
      await writer.close();
      const output = await java.run('consumer.ConsoleConsumer', [
        ...['--bootstrap-server', brokers, '--topic', topics.incomplete, '--from-beginning'],
        ...['--max-messages', String(2 * RECORDS), '--timeout-ms', '60000', '--isolation-level', 'read_committed'],
        ...['--property', 'print.key=true', '--property', 'key.separator=|'],
      ]);
      const lines = records(type).map(({ key, value }) => `${key}|${value}`);
      expect(output.trimEnd().split('\n')).toEqual([...lines, ...lines]);
      expect([...(await storedCodecs(kafka, topics.incomplete))]).toEqual([type]);
    });
  });
}
