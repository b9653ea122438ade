import { expect, test } from 'vitest';
import { askedText, figure, shortFigure } from '../../../bench/report/figures.js';
import { ratioOf, spreadOf } from '../../../bench/report/spread.js';

test('the spread of rounds is their median, least and most', () => {
  expect(spreadOf([3, 1, 10])).toEqual({ middle: 3, least: 1, most: 10 });
  expect(spreadOf([4, 2])).toEqual({ middle: 3, least: 2, most: 4 });
  expect(spreadOf([]).middle).toBeNaN();
});

test('a ratio is taken round by round', () => {
  // The machine was at half of its pace in the second round: for both.
  expect(ratioOf('x', [100, 50, 120], [50, 25, 40])).toEqual({ title: 'x', value: 2, range: [2, 3] });
});

test('rounds that one of the two lacks are left out', () => {
  expect(ratioOf('x', [10, 20, 90], [5, 10]).range).toEqual([2, 2]);
});

test('what is asked is reached or short, in its own direction', () => {
  expect(askedText(1.5, { atLeast: 1.5 })).toBe('≥ 1.5: reached');
  expect(askedText(1.32, { atLeast: 1.5 })).toBe('≥ 1.5: short');
  expect(askedText(0.3, { atMost: 0.33 })).toBe('≤ 0.33: reached');
  expect(askedText(1.5, undefined)).toBe('');
});

test('figures have three digits or are whole', () => {
  expect([0.394, 24.31, 35_712, 0, NaN].map(figure)).toEqual(['0.39', '24.3', '35,712', '0', '–']);
  expect([10_000, 1_000_000, 2_048, 512, 0.5].map(shortFigure)).toEqual(['10k', '1M', '2.05k', '512', '0.5']);
});
