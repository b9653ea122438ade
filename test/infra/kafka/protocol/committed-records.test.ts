import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { CODEC_IDS, COMPRESSION_TYPES } from '../../../../infra/kafka/compression/codec.js';
import { compressor } from '../../../../infra/kafka/compression/codecs.js';
import { readCommitted } from '../../../../infra/kafka/protocol/records/committed-records.js';
import type { InputRecord } from '../../../../infra/kafka/protocol/records/input-record.js';

// The encoder and decoder of kafkajs. They also write timestamps and repeated headers, which our encoder does not.
const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => { buffer: Buffer; offset: number };
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object;
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (batch: object) => Promise<{ buffer: Buffer }>;
};
type TheirRecord = { offset: string; key: Buffer | null; value: Buffer | null; timestamp: string };
const kafkajsDecode = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: object,
) => Promise<{ readonly records: readonly TheirRecord[] }>;

const RECORDS_AT = 61;
const { gzip: GZIP, snappy: SNAPPY } = CODEC_IDS;
const CODEC = 7;
const LOG_APPEND_TIME = 8;
const TRANSACTIONAL = 16;
const CONTROL = 32;
const COMMIT = Buffer.from([0, 0, 0, 1]);
const ABORT = Buffer.from([0, 0, 0, 0]);

type BatchFields = {
  readonly firstOffset: number;
  readonly records: readonly object[];
  readonly attributes?: number;
  readonly producerId?: number;
};

async function encode({ firstOffset, records, attributes = 0, producerId = -1, ...fields }: BatchFields) {
  const encoded = records.map((one, offsetDelta) => encodeRecord({ ...one, offsetDelta }));
  const lastOffsetDelta = records.length - 1;
  const { buffer } = await RecordBatch({ ...fields, firstOffset, producerId, lastOffsetDelta, records: encoded });
  const plain = buffer.subarray(RECORDS_AT);
  const type = COMPRESSION_TYPES[attributes & CODEC] ?? 'none';
  return withBody(buffer, attributes, compressor(type)?.compress(plain) ?? plain);
}

function withBody(header: Buffer, attributes: number, body: Buffer): Buffer {
  const batch = Buffer.concat([header.subarray(0, RECORDS_AT), body]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt16BE(attributes, 21);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

const plain = ({ offset, key, value, timestamp }: InputRecord) => ({ offset, key, value, timestamp });

const bytes = fc.uint8Array({ maxLength: 200 }).map((data) => Buffer.from(data));
const name = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => `h-${text}`);
const record = fc.record({
  timestampDelta: fc.nat(2 ** 31 - 1),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(name, fc.oneof(bytes, fc.array(bytes, { minLength: 2, maxLength: 3 })), { maxKeys: 5 }),
});
const batch = fc.record({
  firstTimestamp: fc.constantFrom(0, 1_777_800_000_000),
  maxTimestamp: fc.constantFrom(5, 1_777_800_000_009),
  attributes: fc.constantFrom(0, LOG_APPEND_TIME, GZIP, LOG_APPEND_TIME + GZIP), // kafkajs decodes no other type
  gapBefore: fc.nat(3),
  records: fc.array(record, { minLength: 1, maxLength: 20 }),
});

it('reads the same records as kafkajs, from any offset on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 3 }), fc.nat(), async (batches, some) => {
      const parts: Buffer[] = [];
      let end = 0;
      for (const { gapBefore, ...fields } of batches) {
        parts.push(await encode({ ...fields, firstOffset: end + gapBefore }));
        end += gapBefore + fields.records.length;
      }
      const all = Buffer.concat(parts);
      const decoder = new Decoder(all);
      const theirs: TheirRecord[] = [];
      while (decoder.offset < all.length) theirs.push(...(await kafkajsDecode(decoder)).records);
      const from = some % end;
      const { records, nextOffset } = readCommitted(all, [], from);
      expect(records.map(plain)).toEqual(
        theirs
          .map(({ offset, key, value, timestamp }) => {
            return { offset: Number(offset), key, value, timestamp: Number(timestamp) };
          })
          .filter(({ offset }) => offset >= from),
      );
      expect(nextOffset).toBe(end);
    }),
    { numRuns: 300, endOnFailure: true },
  );
});

type Step = { readonly producer: number; readonly does: 'write' | 'commit' | 'abort' };
const step: fc.Arbitrary<Step> = fc.record({
  producer: fc.nat(2),
  does: fc.constantFrom('write', 'write', 'commit', 'abort'),
});

it('returns only the committed ones of interleaved transactions', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const log: Buffer[] = [];
      const aborted: { producerId: bigint; firstOffset: number }[] = [];
      const open = new Map<number, number[]>();
      const committed: number[] = [];
      const endings = [0, 1, 2].map((producer): Step => ({ producer, does: 'commit' }));
      for (const [offset, { producer, does }] of [...steps, ...endings].entries()) {
        const written = open.get(producer) ?? [];
        const [first] = written;
        if (does === 'write') open.set(producer, [...written, offset]);
        else open.delete(producer);
        if (does === 'commit') committed.push(...written);
        if (does === 'abort' && first !== undefined) {
          aborted.push({ producerId: BigInt(producer), firstOffset: first });
        }
        const control = { key: does === 'commit' ? COMMIT : ABORT, value: Buffer.alloc(6) };
        log.push(
          await encode({
            firstOffset: offset,
            producerId: producer,
            attributes: does === 'write' ? TRANSACTIONAL : TRANSACTIONAL | CONTROL,
            records: [does === 'write' ? { key: null, value: Buffer.from('x') } : control],
          }),
        );
      }
      aborted.sort((a, b) => a.firstOffset - b.firstOffset);
      const { records, nextOffset } = readCommitted(Buffer.concat(log), aborted, 0);
      expect(records.map(({ offset }) => offset)).toEqual(committed.sort((a, b) => a - b));
      expect(nextOffset).toBe(log.length);
    }),
    { numRuns: 200, endOnFailure: true },
  );
});

it('leaves a batch that was cut off for the next response', async () => {
  const first = await encode({ firstOffset: 0, records: [{ value: Buffer.from('whole') }] });
  const second = await encode({ firstOffset: 1, records: [{ value: Buffer.from('cut') }] });
  const all = Buffer.concat([first, second]);
  for (let length = 0; length < all.length; length += 1) {
    const { records, nextOffset } = readCommitted(all.subarray(0, length), [], 0);
    const whole = length < first.length ? 0 : 1;
    expect([records.length, nextOffset]).toEqual([whole, whole]);
  }
});

it('skips an empty batch left by compaction', async () => {
  const kept = await encode({ firstOffset: 7, records: [{ value: Buffer.from('x') }] });
  kept.writeInt32BE(49, 8);
  kept.writeInt32BE(0, 57);
  const empty = kept.subarray(0, RECORDS_AT);
  empty.writeUInt32BE(crc32c(empty.subarray(21)), 17);
  expect(readCommitted(empty, [], 3)).toMatchObject({ records: [], nextOffset: 8 });
});

it('rejects damaged bytes and old formats', async () => {
  const damaged = await encode({ firstOffset: 5, records: [{ value: Buffer.from('x') }] });
  damaged[damaged.length - 2] = 0;
  expect(() => readCommitted(damaged, [], 0)).toThrow('the record batch at offset 5 is damaged');
  const old = await encode({ firstOffset: 5, records: [{ value: Buffer.from('x') }] });
  old[16] = 1;
  expect(() => readCommitted(old, [], 0)).toThrow('format 1');
});

it('reads batches of all compression types in one response', async () => {
  const batches = await Promise.all(
    COMPRESSION_TYPES.map((type, index) =>
      encode({ firstOffset: index, attributes: CODEC_IDS[type], records: [{ value: Buffer.from(type.repeat(50)) }] }),
    ),
  );
  const { records, nextOffset, bytes } = readCommitted(Buffer.concat(batches), [], 0);
  expect(records.map(({ value }) => value?.toString())).toEqual(COMPRESSION_TYPES.map((type) => type.repeat(50)));
  expect(nextOffset).toBe(5);
  expect(bytes).toBeGreaterThan(Buffer.concat(batches).length + 4 * 50 * 3);
});

const batchOf = (attributes: number, value = Buffer.alloc(300)) =>
  encode({ firstOffset: 5, attributes, records: [{ value }, { value }] });

it.each([1, 2, 3, 4])('names the batch whose compressed bytes are malformed (codec %i)', async (codec) => {
  const batch = await batchOf(codec);
  const body = batch.subarray(RECORDS_AT);
  for (const malformed of [Buffer.from('not compressed'), body.subarray(0, 5), body.subarray(0, body.length / 2)]) {
    expect(() => readCommitted(withBody(batch, codec, malformed), [], 0)).toThrow(
      /^the record batch at offset 5 (cannot be decompressed|is malformed)/,
    );
  }
});

it('names the batch with an unknown compression type, and the offset after it', async () => {
  const batch = await batchOf(0);
  expect(() => readCommitted(withBody(batch, 6, batch.subarray(RECORDS_AT)), [], 0)).toThrow(
    /at offset 5 cannot be decompressed \(\d+ bytes of codec 6\)\. To skip it, continue at offset 7/,
  );
});

it('reports a batch that states more records than it holds, instead of making them up', async () => {
  for (const codec of [0, SNAPPY]) {
    const batch = await batchOf(codec);
    batch.writeInt32BE(2 ** 31 - 1, 57);
    expect(() => readCommitted(withBody(batch, codec, batch.subarray(RECORDS_AT)), [], 0)).toThrow('is malformed');
  }
});

it('leaves batches that decompress to a lot for the next response', async () => {
  const value = Buffer.alloc(10 * 1024 * 1024);
  const at = (firstOffset: number) => encode({ firstOffset, attributes: GZIP, records: [{ value }] });
  const all = Buffer.concat([await at(0), await at(1), await at(2)]);
  expect(readCommitted(all, [], 0)).toMatchObject({ nextOffset: 2, records: { length: 2 } });
  expect(readCommitted(all, [], 2)).toMatchObject({ nextOffset: 3, records: { length: 1 } });
});
