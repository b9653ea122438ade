import { shortFigure } from '../figures.js';
import type { Curve } from '../section.js';
import { element, picture } from './svg.js';

const WIDTH = 760;
const HEIGHT = 320;
const BOX = { left: 70, right: 730, top: 62, bottom: 260 };
const GRID_LINES = 4;
/** Smallest top of the y scale, for a chart without values. */
const MIN_TOP = 1e-6;
/** Ratio of the largest to the smallest x from which the scale is logarithmic: a linear one would crowd the small values. */
const MIN_LOGARITHMIC_RATIO = 20;

/** A line of y over x. The x scale is logarithmic if it spans more than an order of magnitude; y starts at 0. */
export function lineChart({ title, xLabel, yLabel, points }: Curve): string {
  const sorted = [...points].sort((a, b) => a.x - b.x);
  const xs = sorted.map(({ x }) => x);
  const [low = 0, high = 1] = [xs[0], xs.at(-1)];
  const isLogarithmic = low > 0 && high / low >= MIN_LOGARITHMIC_RATIO;
  const scaled = (x: number): number => (isLogarithmic ? Math.log(x) : x);
  const span = scaled(high) - scaled(low) || 1;
  const atX = (x: number): number => BOX.left + 20 + ((scaled(x) - scaled(low)) / span) * (BOX.right - BOX.left - 40);
  const top = roundUp(Math.max(...sorted.map(({ y }) => y), MIN_TOP));
  const atY = (y: number): number => BOX.bottom - (y / top) * (BOX.bottom - BOX.top);
  const grid = Array.from({ length: GRID_LINES + 1 }, (_, line) => {
    const y = (top * line) / GRID_LINES;
    return [
      element('line', { class: 'grid', x1: BOX.left, x2: BOX.right, y1: atY(y), y2: atY(y) }),
      element('text', { class: 'note', x: BOX.left - 8, y: atY(y) + 4, 'text-anchor': 'end' }, shortFigure(y)),
    ];
  });
  const path = sorted.map(({ x, y }) => `${atX(x).toFixed(1)},${atY(y).toFixed(1)}`).join(' ');
  return picture(WIDTH, HEIGHT, title, [
    element('text', { class: 'title', x: 16, y: 24 }, title),
    element('text', { class: 'note', x: 16, y: 42 }, yLabel),
    ...grid.flat(),
    element('polyline', { class: 'line', points: path }),
    ...sorted.flatMap(({ x, y }) => [
      element('circle', { class: 'ours', cx: atX(x), cy: atY(y), r: 4 }),
      element('text', { class: 'note', x: atX(x), y: BOX.bottom + 20, 'text-anchor': 'middle' }, shortFigure(x)),
    ]),
    element('text', { x: (BOX.left + BOX.right) / 2, y: HEIGHT - 14, 'text-anchor': 'middle' }, xLabel),
  ]);
}

/** Rounds up to 1, 2, 4, 6 or 8 times a power of ten, which divides into grid lines with few digits. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 6, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}
