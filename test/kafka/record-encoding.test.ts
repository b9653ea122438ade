import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeRecord, kafkajsEncodeRecord } from '../../infra/kafka/record-encoding.js';

const field = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(
    'x'.repeat(63),
    'x'.repeat(64),
    'é'.repeat(64),
    Buffer.alloc(8_191),
    Buffer.alloc(8_192),
    Buffer.alloc(1_100_000),
  ),
);

const record = fc.record(
  {
    offsetDelta: fc.constantFrom(0, 1, 63, 64, 8_191, 8_192, 1_000_000),
    timestampDelta: fc.constantFrom(0, 0, 0, 5),
    key: fc.option(field),
    value: fc.option(field),
    headers: fc.dictionary(fc.string({ maxLength: 70 }), fc.oneof(field, fc.array(field, { maxLength: 2 })), {
      maxKeys: 8,
    }),
  },
  { requiredKeys: ['key', 'value'] },
);

it('gives the bytes that kafkajs gives', () => {
  fc.assert(
    fc.property(record, (message) => {
      expect(encodeRecord(message).buffer.equals(kafkajsEncodeRecord(message).buffer)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
