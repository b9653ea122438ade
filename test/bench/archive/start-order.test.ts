import { expect, it } from 'vitest';
import { startsOutOfTurn } from '../../../bench/archive/start-order.js';

const dues = Array.from({ length: 1_000 }, (_, number) => number);
const WINDOW = 32;

it('counts what began while more was due sooner than can be in hand', () => {
  expect(startsOutOfTurn(dues, WINDOW)).toBe(0);
  expect(startsOutOfTurn([1, 2, 9, 3, 4, 5], 2)).toBe(1);
  // One that is due sooner may be on its way; two can not.
  expect(startsOutOfTurn([1, 2, 4, 3, 6, 5], 2)).toBe(0);
  expect(startsOutOfTurn([1, 2, 4, 5, 6, 7, 3], 2)).toBe(0);
});

it('leaves out the first window, when not all is known yet', () => {
  expect(startsOutOfTurn([9, 8, 1, 2, 3, 4], 2)).toBe(0);
  expect(startsOutOfTurn([9, 8, 7, 1, 2, 3], 2)).toBe(1);
});

it('finds other orders: by partition, and the last first', () => {
  const byPartition = [...dues].sort((a, b) => (a % 6) - (b % 6) || a - b);
  expect(startsOutOfTurn(byPartition, WINDOW)).toBeGreaterThan(500);
  expect(startsOutOfTurn([...dues].reverse(), WINDOW)).toBeGreaterThan(900);
});
