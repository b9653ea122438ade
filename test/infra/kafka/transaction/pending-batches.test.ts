import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PendingBatches } from '../../../../infra/kafka/transaction/pending-batches.js';
import { RecordBatch, sizeBound, type BatchRecord } from '../../../../infra/kafka/protocol/records/record-batch.js';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom('', 'x'.repeat(64), 'x'.repeat(9_000), 'é'.repeat(64), '漢'.repeat(3_000), '🎧'.repeat(70), '\ud800'),
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((data) => Buffer.from(data)),
  fc.constantFrom(0, 63, 64, 8_191, 8_192, 70_000).map((length) => Buffer.alloc(length)),
);
const record: fc.Arbitrary<BatchRecord> = fc.record(
  {
    key: fc.option(text),
    value: fc.option(bytes),
    prefix: bytes,
    headers: fc.dictionary(
      text.map((name) => `h-${name}`),
      fc.oneof(text, bytes),
      { maxKeys: 8 },
    ),
  },
  { requiredKeys: ['key', 'value'] },
);

/** Removes the batches one after another and maps each. */
function drain<T>(pending: PendingBatches, map: (batch: RecordBatch) => T): T[] {
  const seen: T[] = [];
  for (let batch = pending.first; batch !== undefined; batch = pending.first) {
    seen.push(map(batch));
    pending.shift();
  }
  return seen;
}

const producer = { id: 1n, epoch: 0, firstSequence: 0, isTransactional: true };

/** The bytes of a batch as text: comparing large buffers element by element takes minutes. */
function written(batch: RecordBatch): string {
  const target = Buffer.alloc(batch.length);
  batch.write(target, 0, producer, 0);
  return target.toString('latin1');
}

/** The bytes of a batch with exactly these records. */
function alone(records: readonly BatchRecord[]): string {
  const batch = new RecordBatch();
  for (const one of records) batch.append(one);
  return written(batch);
}

it('a record never exceeds its size bound, at any position in the batch', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), fc.nat({ max: 200 }), (records, before) => {
      const batch = new RecordBatch();
      for (let i = 0; i < before; i += 1) batch.append({ key: null, value: null });
      for (const one of records) {
        const start = batch.length;
        batch.append(one);
        expect(batch.length - start).toBeLessThanOrEqual(sizeBound(one));
      }
    }),
    { numRuns: 200 },
  );
});

it('batches keep the order and the size limit, except for a single larger record', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 40 }), fc.integer({ min: 200, max: 100_000 }), (records, maxBytes) => {
      const pending = new PendingBatches(maxBytes);
      for (const one of records) pending.append(one);
      let from = 0;
      const batches = drain(pending, (batch) => {
        expect(batch.records > 0 && (batch.records === 1 || batch.length <= maxBytes)).toBe(true);
        // Equal bytes prove that no record is missing or out of order.
        expect(written(batch) === alone(records.slice(from, (from += batch.records)))).toBe(true);
        return pending.hasFull;
      });
      expect(from).toBe(records.length);
      // A full batch is followed by another one.
      expect(batches).toEqual(batches.map((_, index) => index < batches.length - 1));
    }),
    { numRuns: 200 },
  );
});

it('fills a batch before it starts the next one', () => {
  const pending = new PendingBatches(10_000);
  for (let i = 0; i < 100; i += 1) pending.append({ key: `s-${i}`, value: Buffer.alloc(900) });
  expect(drain(pending, ({ records }) => records)).toEqual(new Array(10).fill(10));
});

it('a reused batch encodes the same bytes as a new one', () => {
  const used = new PendingBatches(3_000);
  fc.assert(
    fc.property(fc.array(record, { maxLength: 40 }), (records) => {
      expect(used.first).toBeUndefined();
      const fresh = new PendingBatches(3_000);
      for (const one of records) {
        used.append(one);
        fresh.append(one);
      }
      expect(drain(used, written).join() === drain(fresh, written).join()).toBe(true);
    }),
    { numRuns: 100 },
  );
});
