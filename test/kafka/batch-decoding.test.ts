import fc from 'fast-check';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { decodeBatch, kafkajsDecodeBatch } from '../../infra/kafka/batch-decoding.js';

// kafkajs's own encoder: it can write what ours does not, timestamps and repeated headers.
const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => { buffer: Buffer; offset: number };
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object;
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (batch: object) => Promise<{ buffer: Buffer }>;
};

const bytes = fc.uint8Array({ maxLength: 200 }).map((data) => Buffer.from(data));
const name = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => `h-${text}`);
const record = fc.record({
  timestampDelta: fc.nat(2 ** 31 - 1),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(name, fc.oneof(bytes, fc.array(bytes, { minLength: 2, maxLength: 3 })), { maxKeys: 5 }),
});
const batch = fc.record({
  firstOffset: fc.nat(2 ** 31 - 1),
  firstTimestamp: fc.constantFrom(0, 1_777_800_000_000),
  maxTimestamp: fc.constantFrom(5, 1_777_800_000_009),
  isLogAppendTime: fc.boolean(),
  isControl: fc.boolean(),
  isTransactional: fc.boolean(),
  producerId: fc.nat(),
  producerEpoch: fc.nat(1_000),
  firstSequence: fc.nat(),
  records: fc.array(record, { maxLength: 20 }),
});

/** Everything that a consumer could look at. */
function plain({ records, ...context }: Awaited<ReturnType<typeof decodeBatch>>): unknown {
  const fields = ['magicByte', 'attributes', 'timestamp', 'offset', 'key', 'value', 'headers', 'isControlRecord'];
  return {
    ...context,
    records: records.map((one) => fields.map((field) => [field, (one as Record<string, unknown>)[field]])),
  };
}

it('reads what kafkajs reads, and stops where it stops', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 3 }), async (batches) => {
      const parts = [];
      for (const { records, isLogAppendTime, isControl, isTransactional, ...fields } of batches) {
        const encoded = records.map((one, offsetDelta) => encodeRecord({ ...one, offsetDelta }));
        const lastOffsetDelta = records.length - 1;
        const { buffer } = await RecordBatch({ ...fields, lastOffsetDelta, records: encoded });
        const attributes = (isLogAppendTime ? 8 : 0) | (isTransactional ? 16 : 0) | (isControl ? 32 : 0);
        buffer.writeInt16BE(attributes, 21);
        parts.push(buffer);
      }
      const all = Buffer.concat(parts);
      const [ours, theirs] = [new Decoder(all), new Decoder(all)];
      for (let read = 0; read < batches.length; read += 1) {
        expect(plain(await decodeBatch(ours))).toEqual(plain(await kafkajsDecodeBatch(theirs)));
        expect(ours.offset).toBe(theirs.offset);
      }
    }),
    { numRuns: 300, endOnFailure: true },
  );
});

it('leaves a batch that was cut off to kafkajs, which says so', async () => {
  const { buffer } = await RecordBatch({ records: [encodeRecord({ value: Buffer.alloc(100) })] });
  await expect(decodeBatch(new Decoder(buffer.subarray(0, 80)))).rejects.toMatchObject({
    name: 'KafkaJSPartialMessageError',
  });
});
