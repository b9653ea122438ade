import { expect, test } from 'vitest';
import { askedText, figure, shortFigure } from '../../../bench/report/figures.js';
import { ratioOf, spreadOf } from '../../../bench/report/spread.js';

test('the spread of rounds is their median, minimum and maximum', () => {
  expect(spreadOf([3, 1, 10])).toEqual({ median: 3, min: 1, max: 10 });
  expect(spreadOf([4, 2])).toEqual({ median: 3, min: 2, max: 4 });
  expect(spreadOf([]).median).toBeNaN();
});

test('a ratio is taken round by round', () => {
  // In the second round the machine ran at half its pace, for both.
  expect(ratioOf('x', [100, 50, 120], [50, 25, 40])).toEqual({ title: 'x', value: 2, range: [2, 3] });
});

test('rounds that one of the two lacks are left out', () => {
  expect(ratioOf('x', [10, 20, 90], [5, 10]).range).toEqual([2, 2]);
});

test('a target is reached or missed in its own direction', () => {
  expect(askedText(1.5, { atLeast: 1.5 })).toBe('≥ 1.5: reached');
  expect(askedText(1.32, { atLeast: 1.5 })).toBe('≥ 1.5: short');
  expect(askedText(0.3, { atMost: 0.33 })).toBe('≤ 0.33: reached');
  expect(askedText(1.5, undefined)).toBe('');
});

test('figures have three significant digits or are whole numbers', () => {
  expect([0.394, 24.31, 35_712, 0, NaN].map(figure)).toEqual(['0.39', '24.3', '35,712', '0', '–']);
  expect([10_000, 1_000_000, 2_048, 512, 0.5].map(shortFigure)).toEqual(['10k', '1M', '2.05k', '512', '0.5']);
});
