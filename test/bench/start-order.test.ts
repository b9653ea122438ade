import { expect, it } from 'vitest';
import { startsOutOfOrder } from '../../bench/archive/start-order.js';

it('counts what began before something that was due sooner, by more than a window', () => {
  expect(startsOutOfOrder([1, 2, 3, 4, 5, 6], 2)).toBe(0);
  // Neighbours in a window may change places.
  expect(startsOutOfOrder([1, 2, 4, 3, 6, 5], 2)).toBe(0);
  // 9 began three places before 3, and four before 4.
  expect(startsOutOfOrder([1, 2, 9, 5, 6, 3, 4], 2)).toBe(3);
  expect(startsOutOfOrder([1, 1, 1, 1], 1)).toBe(0);
});

it('leaves out the first window, when not all is known yet', () => {
  expect(startsOutOfOrder([9, 8, 1, 2, 3, 4], 2)).toBe(0);
  expect(startsOutOfOrder([9, 8, 7, 1, 2, 3], 2)).toBe(1);
});
