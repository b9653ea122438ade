import { expect, it } from 'vitest';
import { PartitionLag } from '../../../../processor/join/progress/partition-lag.js';

it('is zero at the end of the partition', () => {
  const lag = new PartitionLag();
  expect(lag.observe({ atMs: 0, position: 5, endOffset: 5, lastRecordAgeMs: 3_600_000 })).toEqual({
    records: 0,
    seconds: 0,
  });
});

it('is the age of the last processed record of a backlog', () => {
  const lag = new PartitionLag();
  expect(lag.observe({ atMs: 0, position: 5, endOffset: 105, lastRecordAgeMs: 3_600_000 })).toEqual({
    records: 100,
    seconds: 3_600,
  });
});

it('is at most the time since the end was reached: an idle partition is not late', () => {
  const lag = new PartitionLag();
  lag.observe({ atMs: 1_000, position: 5, endOffset: 5, lastRecordAgeMs: 3_600_000 });
  expect(lag.observe({ atMs: 6_000, position: 5, endOffset: 7, lastRecordAgeMs: 3_605_000 })).toEqual({
    records: 2,
    seconds: 5,
  });
});

it('is the time since the first observation, before the first record is processed', () => {
  const lag = new PartitionLag();
  lag.observe({ atMs: 1_000, position: 0, endOffset: 9, lastRecordAgeMs: undefined });
  expect(lag.observe({ atMs: 11_000, position: 0, endOffset: 9, lastRecordAgeMs: undefined })).toEqual({
    records: 9,
    seconds: 10,
  });
});
