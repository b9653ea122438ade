import { figure, shortFigure } from './figures.js';
import type { Point } from './section.js';

/** `y = intercept + slope · x`, and the share of the spread of y that it explains. */
export type Fit = { readonly intercept: number; readonly slope: number; readonly r2: number };

/** How far a point may lie from what is expected of it and still count as linear: what rounds differ by on one machine. */
const TOLERANCE = 0.15;

/** Least squares. With fewer than two different x the line is level. */
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
 * A cost for each event over something that grows: if the whole were linear, this would be level. Says what was fitted, over x or over
 * its logarithm, whichever explains more, and where the cost leaves that of the first point.
 * @param unit of y, such as `µs`. @param thing what x counts, such as `open sessions`.
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
 * A whole over something that grows: a straight line if it is linear. Says the line through the points, and where a point lies off the line
 * through those before it.
 */
export function readTotal(points: readonly Point[], unit: string, thing: string): string {
  const { intercept, slope, r2 } = fitLine(points);
  const per = points.at(-1)?.x ?? 1;
  const line = `${figure(intercept)} ${unit} ${plus(slope * per)} ${unit} for each ${shortFigure(per)} ${thing} (R² ${r2.toFixed(2)})`;
  const byThoseBefore = (point: Point, before: readonly Point[]): number => {
    const fit = fitLine(before);
    return before.length < 2 ? point.y : fit.intercept + fit.slope * point.x;
  };
  return `Fitted: ${line}. ${whereItLeaves(points, byThoseBefore, thing)}`;
}

/** A rate over the number of instances: linear would be so many times the rate of one. */
export function readScaling(points: readonly Point[], thing: string, busyPercent: number): string {
  const [first, ...more] = points;
  if (first === undefined || more.length === 0) return 'One point: nothing can be compared.';
  const gains = more.map(({ x, y }) => {
    const gain = y / first.y;
    return `${x} ${thing} give ${gain.toFixed(2)} × of ${first.x} (linear: ${figure(x / first.x)} ×)`;
  });
  return (
    `${gains.join('; ')}. With the most of them the machine's processors were ${Math.round(busyPercent)} % in use, ` +
    `broker and load included: ${busyPercent > 85 ? 'the machine is what bounds it' : 'the machine had room left'}.`
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
      `at ${shortFigure(point.x)} it is ${ratio.toFixed(2)} × what it would be.`
    );
  }
  return `Linear to within ${TOLERANCE * 100} % over all that was measured, up to ${shortFigure(points.at(-1)?.x ?? NaN)} ${thing}.`;
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
