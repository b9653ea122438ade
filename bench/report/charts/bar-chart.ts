import { figure } from '../figures.js';
import type { Measure } from '../section.js';
import { spreadOf } from '../spread.js';
import { element, picture } from './svg.js';

const WIDTH = 760;
const NAMES_WIDTH = 250;
const VALUES_WIDTH = 90;
const HEAD = 56;
const ROW = 34;
const BAR = 20;

/** A bar for each contender: the median of its rounds, with a whisker from minimum to maximum. The first is ours. */
export function barChart({ title, unit, better, samples }: Measure): string {
  const bars = Object.entries(samples)
    .map(([name, values]) => ({ name, ...spreadOf(values) }))
    .filter(({ median }) => Number.isFinite(median));
  const largest = Math.max(...bars.map(({ max }) => max), Number.MIN_VALUE);
  const scale = (value: number): number => (value / largest) * (WIDTH - NAMES_WIDTH - VALUES_WIDTH);
  const rows = bars.flatMap(({ name, median, min, max }, row) => {
    const top = HEAD + row * ROW;
    const centre = top + BAR / 2;
    const whisker = (x1: number, x2: number, y1: number, y2: number): string =>
      element('line', { class: 'spread', x1: NAMES_WIDTH + x1, x2: NAMES_WIDTH + x2, y1, y2 });
    const spread =
      min === max
        ? []
        : [
            whisker(scale(min), scale(max), centre, centre),
            ...[min, max].map((end) => whisker(scale(end), scale(end), centre - 5, centre + 5)),
          ];
    return [
      element('text', { x: NAMES_WIDTH - 10, y: centre + 4, 'text-anchor': 'end' }, name),
      element('rect', {
        class: row === 0 ? 'ours' : 'theirs',
        x: NAMES_WIDTH,
        y: top,
        width: Math.max(1, scale(median)),
        height: BAR,
        rx: 3,
      }),
      ...spread,
      element('text', { x: NAMES_WIDTH + scale(max) + 10, y: centre + 4 }, figure(median)),
    ];
  });
  const head = [
    element('text', { class: 'title', x: 16, y: 24 }, unit === '' ? title : `${title}, ${unit}`),
    element(
      'text',
      { class: 'note', x: 16, y: 42 },
      `${better} is better; median of the rounds, with minimum and maximum`,
    ),
  ];
  return picture(WIDTH, HEAD + bars.length * ROW + 8, title, [...head, ...rows]);
}
