import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { barChart } from './charts/bar-chart.js';
import { lineChart } from './charts/line-chart.js';
import { SHOWN_DIR } from './results.js';
import type { Section } from './section.js';

export type Chart = { readonly title: string; readonly path: string };

/** Maximum of bar charts of a section; its table has the other measures. */
const MAX_BAR_CHARTS = 2;

/**
 * Draws bar charts of a section's first measures with more than one contender, and a line chart of each curve with more than two points.
 * @returns their paths as `docs/performance.md` links them.
 */
export function writeCharts({ id, measures, curves }: Section): Chart[] {
  mkdirSync(SHOWN_DIR, { recursive: true });
  const compared = measures.filter(({ samples }) => Object.keys(samples).length > 1).slice(0, MAX_BAR_CHARTS);
  const drawn = [
    ...compared.map((measure) => ({ title: measure.title, name: `${id}-${measure.id}`, svg: barChart(measure) })),
    ...curves
      .filter(({ points }) => points.length > 2)
      .map((curve) => ({ title: curve.title, name: `${id}-${slug(curve.title)}`, svg: lineChart(curve) })),
  ];
  return drawn.map(({ title, name, svg }) => {
    writeFileSync(join(SHOWN_DIR, `${name}.svg`), svg);
    return { title, path: `performance/${name}.svg` };
  });
}

function slug(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
