import { expect, test } from 'vitest';
import { fitLine, readCost, readScaling, readTotal } from '../../../bench/report/growth.js';

const over = (xs: readonly number[], y: (x: number) => number) => xs.map((x) => ({ x, y: y(x) }));

test('a line is fitted by least squares', () => {
  const exact = fitLine(over([1, 2, 3, 10], (x) => 5 + 2 * x));
  expect(exact.intercept).toBeCloseTo(5);
  expect(exact.slope).toBeCloseTo(2);
  expect(exact.r2).toBeCloseTo(1);
  // By hand: (0, 0), (1, 2), (2, 1) have slope 1/2 and intercept 1/2, and the line explains a quarter of the variance.
  const loose = fitLine([
    { x: 0, y: 0 },
    { x: 1, y: 2 },
    { x: 2, y: 1 },
  ]);
  expect(loose).toEqual({ intercept: 0.5, slope: 0.5, r2: 0.25 });
});

test('points with a single x have a level line', () => {
  expect(fitLine(over([3, 3], (x) => x))).toEqual({ intercept: 3, slope: 0, r2: 1 });
});

test('a constant cost is linear over everything measured', () => {
  const reading = readCost(
    over([1e4, 1e5, 1e6], () => 20),
    'µs',
    'open sessions',
  );
  expect(reading).toContain('Linear to within 15 % over everything measured, up to 1M open sessions.');
});

test('a cost that grows with every doubling is described so, with the point where it leaves the first', () => {
  const points = over([1e4, 3e4, 1e5, 1e6], (x) => 20 + Math.log2(x / 1e4));
  const reading = readCost(points, 'µs', 'open sessions');
  expect(reading).toContain('+1.00 µs with every doubling of open sessions (R² 1.00)');
  expect(reading).toContain('up to 30k open sessions; at 100k it is 1.17 ×');
});

test('a total on a line is linear; for one that bends, the reading says where', () => {
  expect(
    readTotal(
      over([1, 2, 4, 8], (x) => 3 + x),
      's',
      'events',
    ),
  ).toContain('over everything measured');
  const bent = over([1, 2, 4, 8], (x) => (x < 8 ? 3 + x : 22));
  expect(readTotal(bent, 's', 'events')).toContain('up to 4 events; at 8 it is 2.00 × the expected value');
});

test('scaling is compared with linear', () => {
  const reading = readScaling(
    over([1, 2], (x) => (x === 1 ? 100 : 150)),
    'workers',
    97,
  );
  expect(reading).toContain('2 workers give 1.50 × of 1 (linear: 2.00 ×)');
  expect(reading).toContain('97 % of the machine was in use, broker and load included: the machine is the limit');
});
