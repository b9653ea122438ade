import { expect, it } from 'vitest';
import { CODEC_IDS } from '../../../../infra/kafka/compression/codec.js';
import {
  ATTRIBUTES_AT,
  COMPRESSION,
  RECORDS_AT,
} from '../../../../infra/kafka/protocol/records/record-batch-layout.js';
import { readCommitted } from '../../../../infra/kafka/protocol/records/committed-records.js';
import { GOLDEN_BATCHES } from './golden-batches.js';

const XERIAL_MAGIC = '\x82SNAPPY\0';

it.each(Object.keys(GOLDEN_BATCHES) as (keyof typeof GOLDEN_BATCHES)[])(
  "reads a batch that Apache Kafka's producer has compressed with %s",
  (type) => {
    const batch = Buffer.from(GOLDEN_BATCHES[type], 'base64');
    expect(batch.readInt16BE(ATTRIBUTES_AT) & COMPRESSION).toBe(CODEC_IDS[type]);
    const { records, nextOffset } = readCommitted(batch, [], 0);
    expect(nextOffset).toBe(30);
    expect(records.map(({ key, value }) => `${String(key)}|${String(value)}`)).toEqual(
      Array.from({ length: 30 }, (_, n) => `key-${n}|the value of record ${n}`),
    );
    const isFramed = batch.toString('latin1', RECORDS_AT, RECORDS_AT + XERIAL_MAGIC.length) === XERIAL_MAGIC;
    expect(isFramed).toBe(type === 'snappy');
  },
);
