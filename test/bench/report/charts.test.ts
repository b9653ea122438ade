import { expect, test } from 'vitest';
import { barChart } from '../../../bench/report/charts/bar-chart.js';
import { lineChart } from '../../../bench/report/charts/line-chart.js';
import { element } from '../../../bench/report/charts/svg.js';
import type { Measure } from '../../../bench/report/section.js';

const MEASURE: Measure = {
  id: 'rate',
  title: 'Accepted <events> & more',
  unit: 'events/s',
  better: 'higher',
  samples: { ours: [30, 40, 35], 'a "peer"': [10], 'not measured': [] },
};

/** Checks that every element is closed and all text is escaped. */
function expectWellFormed(svg: string): void {
  const open: string[] = [];
  const tags = /<(\/?)([a-z]+)((?: [a-zA-Z0-9-]+="[^"<&]*(?:&(?:amp|lt|gt|quot);[^"<&]*)*")*)(\/?)>|([<>])/g;
  for (const [, closing, name = '', , empty, stray] of svg.matchAll(tags)) {
    expect(stray).toBeUndefined();
    if (closing === '/') expect(open.pop()).toBe(name);
    else if (empty !== '/') open.push(name);
  }
  expect(open).toEqual([]);
  expect(svg.replaceAll(/&(amp|lt|gt|quot);/g, '')).not.toContain('&');
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
}

test('text and attributes are escaped', () => {
  expect(element('text', { x: 1.26, note: 'a "b"' }, '<&>')).toBe(
    '<text x="1.3" note="a &quot;b&quot;">&lt;&amp;&gt;</text>',
  );
});

test('a bar chart has a bar for each measured contender, and a whisker where rounds differ', () => {
  const svg = barChart(MEASURE);
  expectWellFormed(svg);
  expect(svg.match(/<rect/g)).toHaveLength(2);
  expect(svg.match(/class="spread"/g)?.length).toBe(3);
  expect(svg).toContain('a &quot;peer&quot;');
  expect(svg).toContain('prefers-color-scheme: dark');
});

test('a bar is as long as its median, relative to the maximum of all rounds', () => {
  const widths = [...barChart(MEASURE).matchAll(/<rect[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect((widths[0] ?? 0) / (widths[1] ?? 1)).toBeCloseTo(35 / 10, 2);
});

test('a line chart has all of its points, in order', () => {
  const points = [1e6, 1e4, 1e5].map((x) => ({ x, y: Math.log10(x) }));
  const svg = lineChart({ title: 'Growth', xLabel: 'open sessions', yLabel: 'µs', points, reading: '' });
  expectWellFormed(svg);
  const xs = [...svg.matchAll(/<circle[^>]* cx="([\d.]+)"/g)].map(([, x]) => Number(x));
  expect(xs).toHaveLength(3);
  expect([...xs].sort((a, b) => a - b)).toEqual(xs);
  // On a logarithmic scale each factor of ten is equally wide.
  expect((xs[1] ?? 0) - (xs[0] ?? 0)).toBeCloseTo((xs[2] ?? 0) - (xs[1] ?? 0), 0);
  expect(svg).toContain('>10k<');
});

test('a chart without values, and one with a single point, is still a picture', () => {
  expectWellFormed(barChart({ ...MEASURE, samples: {} }));
  expectWellFormed(lineChart({ title: 't', xLabel: 'x', yLabel: 'y', points: [], reading: '' }));
  expectWellFormed(lineChart({ title: 't', xLabel: 'x', yLabel: 'y', points: [{ x: 0, y: 0 }], reading: '' }));
});
