import { expect, it } from 'vitest';
import { startsOutOfTurn } from '../../../bench/archive/start-order.js';

const dues = Array.from({ length: 1_000 }, (_, number) => number);
const WINDOW = 32;

it('counts starts while more recordings with an earlier deadline waited than can be in progress', () => {
  expect(startsOutOfTurn(dues, WINDOW)).toBe(0);
  expect(startsOutOfTurn([1, 2, 9, 3, 4, 5], 2)).toBe(1);
  // One recording with an earlier deadline may be on its way, two cannot.
  expect(startsOutOfTurn([1, 2, 4, 3, 6, 5], 2)).toBe(0);
  expect(startsOutOfTurn([1, 2, 4, 5, 6, 7, 3], 2)).toBe(0);
});

it('leaves out the first window, when later recordings are not known yet', () => {
  expect(startsOutOfTurn([9, 8, 1, 2, 3, 4], 2)).toBe(0);
  expect(startsOutOfTurn([9, 8, 7, 1, 2, 3], 2)).toBe(1);
});

it('detects other orders: by partition, and latest first', () => {
  const byPartition = [...dues].sort((a, b) => (a % 6) - (b % 6) || a - b);
  expect(startsOutOfTurn(byPartition, WINDOW)).toBeGreaterThan(500);
  expect(startsOutOfTurn([...dues].reverse(), WINDOW)).toBeGreaterThan(900);
});
