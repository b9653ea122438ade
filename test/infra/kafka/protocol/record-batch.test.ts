import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CODEC_IDS } from '../../../../infra/kafka/compression/codec.js';
import { compressor, type Compressor } from '../../../../infra/kafka/compression/codecs.js';
import { readCommitted } from '../../../../infra/kafka/protocol/records/committed-records.js';
import { RecordBatch, type BatchRecord } from '../../../../infra/kafka/protocol/records/record-batch.js';

type DecodedRecord = {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | Buffer[]>>;
};
type DecodedBatch = {
  readonly records: readonly DecodedRecord[];
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly inTransaction: boolean;
  readonly lastOffsetDelta: number;
};

// The decoder of the pinned kafkajs, which real consumers use.
const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: object,
) => Promise<DecodedBatch>;
const crc32C = require('kafkajs/src/protocol/recordBatch/crc32C/crc32C') as (bytes: Buffer) => number;

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom('x'.repeat(63), 'x'.repeat(64), 'x'.repeat(128), 'x'.repeat(129), 'é'.repeat(64), 'é'.repeat(900)),
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((data) => Buffer.from(data)),
  fc.constantFrom(Buffer.alloc(8_191), Buffer.alloc(20_000)),
);
const record: fc.Arbitrary<BatchRecord> = fc.record(
  {
    key: fc.option(text),
    value: fc.option(bytes),
    prefix: bytes,
    headers: fc.dictionary(
      fc.string({ maxLength: 70 }).map((name) => `h-${name}`),
      fc.oneof(text, bytes),
      { maxKeys: 8 },
    ),
  },
  { requiredKeys: ['key', 'value'] },
);

const hex = (field: string | Buffer | null): string | null =>
  field === null ? null : Buffer.from(field).toString('hex');

function write(batch: RecordBatch, isTransactional: boolean): Buffer {
  const target = Buffer.alloc(batch.length + 7);
  const end = batch.write(target, 7, { id: 2n ** 40n, epoch: 3, firstSequence: 9, isTransactional }, 1_777_800_000_000);
  expect(end).toBe(target.length);
  expect(target.readUInt32BE(7 + 17)).toBe(crc32C(target.subarray(7 + 21)));
  expect(target.readInt32BE(7 + 8)).toBe(batch.length - 12);
  return target.subarray(7);
}

async function decode(batch: RecordBatch, isTransactional: boolean): Promise<DecodedBatch> {
  return decodeBatch(new Decoder(write(batch, isTransactional)));
}

const wholeValue = ({ prefix, value }: BatchRecord): string | null =>
  value && hex(Buffer.concat([prefix ?? Buffer.alloc(0), value]));

it('is decoded as it was encoded, also when reused', async () => {
  const batch = new RecordBatch();
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 66 }),
      fc.boolean(),
      async (records, isTransactional) => {
        batch.clear();
        for (const one of records) batch.append(one);
        const decoded = await decode(batch, isTransactional);
        expect(decoded).toMatchObject({
          producerId: String(2n ** 40n),
          producerEpoch: 3,
          firstSequence: 9,
          inTransaction: isTransactional,
          lastOffsetDelta: records.length - 1,
        });
        expect(decoded.records).toHaveLength(records.length);
        for (const [index, { key, value, prefix, headers = {} }] of records.entries()) {
          const found = decoded.records[index] as DecodedRecord;
          expect(found.offset).toBe(String(index));
          expect(hex(found.key)).toBe(hex(key));
          expect(hex(found.value)).toBe(wholeValue({ key, prefix, value }));
          const expected = Object.entries(headers).map(([name, field]) => `${name}=${hex(field) ?? ''}`);
          expect(Object.entries(found.headers).map(([name, field]) => `${name}=${hex(field as Buffer) ?? ''}`)).toEqual(
            expected,
          );
        }
      },
    ),
    { numRuns: 200, endOnFailure: true },
  );
});

it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('is read back when compressed with %s', async (type) => {
  const batch = new RecordBatch();
  const codec = compressor(type) as Compressor;
  const writing = fc.array(record, { minLength: 1, maxLength: 66 });
  await fc.assert(
    fc.asyncProperty(writing, fc.boolean(), async (records, isTransactional) => {
      batch.clear();
      for (const one of records) batch.append(one);
      const plain = write(batch, isTransactional);
      batch.compress(codec);
      const compressed = write(batch, isTransactional);
      expect(compressed.length).toBeLessThanOrEqual(plain.length);
      expect(compressed[22]).toBe((plain[22] as number) | (compressed.length < plain.length ? codec.id : 0));
      const read = readCommitted(compressed, [], 0).records;
      expect(read.map(({ key, value }) => [hex(key), hex(value)])).toEqual(
        records.map((one) => [hex(one.key), wholeValue(one)]),
      );
      if (codec.id !== CODEC_IDS.gzip) return;
      // The only type that kafkajs decodes.
      const theirs = await decodeBatch(new Decoder(compressed));
      expect(theirs.records.map(({ key, value }) => [hex(key), hex(value)])).toEqual(
        records.map((one) => [hex(one.key), wholeValue(one)]),
      );
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

it('drops what was compressed when a record is added or the batch is cleared', () => {
  const batch = new RecordBatch();
  const one = { key: 'a', value: Buffer.alloc(500) };
  batch.append(one);
  const { length } = batch;
  batch.compress(compressor('snappy') as Compressor);
  expect(batch.length).toBeLessThan(length);
  expect(batch.uncompressedLength).toBe(length);
  batch.append(one);
  expect(readCommitted(write(batch, false), [], 0).records).toHaveLength(2);
  batch.clear();
  batch.append(one);
  expect(batch.length).toBe(length);
});

it('leaves records as they are that compression would not make smaller', () => {
  const batch = new RecordBatch();
  batch.append({ key: null, value: null });
  batch.compress(compressor('gzip') as Compressor);
  expect(batch.length).toBe(batch.uncompressedLength);
  expect(write(batch, false)[22]).toBe(0);
});

it('rejects a record with more than 63 headers', () => {
  const headers = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`h${n}`, '']));
  expect(() => new RecordBatch().append({ key: null, value: null, headers })).toThrow(RangeError);
});
