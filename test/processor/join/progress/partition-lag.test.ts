import { expect, it } from 'vitest';
import { PartitionLag } from '../../../../processor/join/progress/partition-lag.js';

it('is nothing at the end of the partition', () => {
  const lag = new PartitionLag();
  expect(lag.look({ atMs: 0, position: 5, endOffset: 5, lastRecordAgeMs: 3_600_000 })).toEqual({
    records: 0,
    seconds: 0,
  });
});

it('is the age of the record that a backlog is at', () => {
  const lag = new PartitionLag();
  expect(lag.look({ atMs: 0, position: 5, endOffset: 105, lastRecordAgeMs: 3_600_000 })).toEqual({
    records: 100,
    seconds: 3_600,
  });
});

it('is no more than the time since the end was reached: an idle partition is not late', () => {
  const lag = new PartitionLag();
  lag.look({ atMs: 1_000, position: 5, endOffset: 5, lastRecordAgeMs: 3_600_000 });
  expect(lag.look({ atMs: 6_000, position: 5, endOffset: 7, lastRecordAgeMs: 3_605_000 })).toEqual({
    records: 2,
    seconds: 5,
  });
});

it('is as long as it has been seen, before the first record is processed', () => {
  const lag = new PartitionLag();
  lag.look({ atMs: 1_000, position: 0, endOffset: 9, lastRecordAgeMs: undefined });
  expect(lag.look({ atMs: 11_000, position: 0, endOffset: 9, lastRecordAgeMs: undefined })).toEqual({
    records: 9,
    seconds: 10,
  });
});
