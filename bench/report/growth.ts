import { figure, shortFigure } from './figures.js';
import type { Point } from './section.js';

/** `y = intercept + slope · x`, and the share of y's variance that it explains. */
export type Fit = { readonly intercept: number; readonly slope: number; readonly r2: number };

/** Deviation up to which a point counts as linear: rounds on one machine differ by as much. */
const TOLERANCE = 0.15;

/** Fits a line by least squares. With fewer than two distinct x it is level. */
export function fitLine(points: readonly Point[]): Fit {
  const n = points.length;
  const meanX = sum(points, ({ x }) => x) / n;
  const meanY = sum(points, ({ y }) => y) / n;
  const xx = sum(points, ({ x }) => (x - meanX) ** 2);
  const yy = sum(points, ({ y }) => (y - meanY) ** 2);
  const slope = xx === 0 ? 0 : sum(points, ({ x, y }) => (x - meanX) * (y - meanY)) / xx;
  const intercept = meanY - slope * meanX;
  const left = sum(points, ({ x, y }) => (y - intercept - slope * x) ** 2);
  return { intercept, slope, r2: yy === 0 ? 1 : 1 - left / yy };
}

/**
 * Describes a cost per event over something that grows; it stays level if the total is linear. Fits the cost over x or over its
 * logarithm, whichever explains more, and says where it leaves the cost of the first point.
 * @param unit unit of y, such as `µs`. @param thing what x counts, such as `open sessions`.
 */
export function readCost(points: readonly Point[], unit: string, thing: string): string {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2) return 'One point: nothing can be fitted.';
  const straight = fitLine(points);
  const byDoubling = fitLine(points.map(({ x, y }) => ({ x: Math.log2(x), y })));
  const fitted =
    byDoubling.r2 > straight.r2
      ? `${signed(byDoubling.slope)} ${unit} with every doubling of ${thing} (R² ${byDoubling.r2.toFixed(2)})`
      : `${figure(straight.intercept)} ${unit} ${plus(straight.slope * last.x)} ${unit} at ${shortFigure(last.x)} ${thing}, ` +
        `in proportion to them (R² ${straight.r2.toFixed(2)})`;
  return `Fitted: ${fitted}. ${whereItLeaves(points, () => first.y, thing)}`;
}

/**
 * Describes a total over something that grows; it is a straight line if it is linear. Fits the line, and says where a point leaves the line
 * through those before it.
 */
export function readTotal(points: readonly Point[], unit: string, thing: string): string {
  const { intercept, slope, r2 } = fitLine(points);
  const per = points.at(-1)?.x ?? 1;
  const line = `${figure(intercept)} ${unit} ${plus(slope * per)} ${unit} for each ${shortFigure(per)} ${thing} (R² ${r2.toFixed(2)})`;
  const byEarlierPoints = (point: Point, before: readonly Point[]): number => {
    const fit = fitLine(before);
    return before.length < 2 ? point.y : fit.intercept + fit.slope * point.x;
  };
  return `Fitted: ${line}. ${whereItLeaves(points, byEarlierPoints, thing)}`;
}

/** Describes a rate over the number of instances; linear scaling would multiply the rate of one by that number. */
export function readScaling(points: readonly Point[], thing: string, busyPercent: number): string {
  const [first, ...more] = points;
  if (first === undefined || more.length === 0) return 'One point: nothing can be compared.';
  const gains = more.map(({ x, y }) => {
    const gain = y / first.y;
    return `${x} ${thing} give ${gain.toFixed(2)} × of ${first.x} (linear: ${figure(x / first.x)} ×)`;
  });
  return (
    `${gains.join('; ')}. At the largest number, ${Math.round(busyPercent)} % of the machine was in use, ` +
    `broker and load included: ${busyPercent > 85 ? 'the machine is the limit' : 'the machine had capacity left'}.`
  );
}

function whereItLeaves(
  points: readonly Point[],
  expected: (point: Point, before: readonly Point[]) => number,
  thing: string,
): string {
  for (const [index, point] of points.entries()) {
    if (index === 0) continue;
    const ratio = point.y / expected(point, points.slice(0, index));
    if (Math.abs(ratio - 1) <= TOLERANCE) continue;
    const before = points[index - 1]?.x ?? NaN;
    return (
      `Linear to within ${TOLERANCE * 100} % up to ${shortFigure(before)} ${thing}; ` +
      `at ${shortFigure(point.x)} it is ${ratio.toFixed(2)} × the expected value.`
    );
  }
  return `Linear to within ${TOLERANCE * 100} % over everything measured, up to ${shortFigure(points.at(-1)?.x ?? NaN)} ${thing}.`;
}

function plus(value: number): string {
  return value < 0 ? `− ${figure(-value)}` : `+ ${figure(value)}`;
}

function signed(value: number): string {
  return value < 0 ? `−${figure(-value)}` : `+${figure(value)}`;
}

function sum(points: readonly Point[], of: (point: Point) => number): number {
  return points.reduce((total, point) => total + of(point), 0);
}
