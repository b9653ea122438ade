import { askedText, figure, shortFigure } from './figures.js';
import type { Measure, Section } from './section.js';
import { spreadOf } from './spread.js';

/** Rows as a Markdown table; the first row is its head. All columns but the first are right-aligned. */
export function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

/** A section as Markdown: method, ratios, figures, faults, curves. @param charts its pictures. */
export function sectionMarkdown(
  section: Section,
  charts: readonly { readonly title: string; readonly path: string }[],
): string {
  const { title, method, ratios, measures, curves, faults } = section;
  const blocks = [`### ${title}`, method.trim()];
  if (ratios.length > 0) blocks.push(markdownTable(ratioRows(section)));
  if (measures.length > 0) blocks.push(markdownTable(measureRows(measures)));
  if (measures.length > 0) blocks.push('Medians of the rounds, with their minimum and maximum.');
  if (faults.length > 0) blocks.push(`**Wrong output:** ${faults.join(' ')}`);
  const pictureOf = (name: string): string[] =>
    charts.filter((chart) => chart.title === name).map((chart) => `![${chart.title}](${chart.path})`);
  for (const measure of measures) blocks.push(...pictureOf(measure.title));
  for (const curve of curves) {
    blocks.push(`**${curve.title}.** ${curve.reading}`, ...pictureOf(curve.title));
    if (pictureOf(curve.title).length === 0) blocks.push(markdownTable(curveRows(curve)));
  }
  return `${blocks.join('\n\n')}\n`;
}

/** Rows of the table of ratios. */
export function ratioRows({ ratios }: Pick<Section, 'ratios'>): string[][] {
  return [
    ['ratio', 'median', 'rounds', 'asked'],
    ...ratios.map(({ title, value, range: [min, max], asked }) => [
      title,
      `${figure(value)} ×`,
      min === max ? '' : `${figure(min)}–${figure(max)}`,
      askedText(value, asked),
    ]),
  ];
}

/** Rows of the table of measures, one for each contender. */
export function measureRows(measures: readonly Measure[]): string[][] {
  const contenders = [...new Set(measures.flatMap(({ samples }) => Object.keys(samples)))];
  return [
    ['', ...measures.map(({ title, unit }) => (unit === '' ? title : `${title}, ${unit}`))],
    ...contenders.map((name, row) => [name, ...measures.map((measure) => cell(measure, name, row === 0))]),
  ];
}

function cell({ samples, asked }: Measure, contender: string, isOurs: boolean): string {
  const values = samples[contender];
  if (values === undefined || values.length === 0) return '';
  const { median, min, max } = spreadOf(values);
  const range = values.length < 2 ? '' : ` (${figure(min)}–${figure(max)})`;
  const target = isOurs && asked !== undefined ? ` [${askedText(median, asked)}]` : '';
  return `${figure(median)}${range}${target}`;
}

function curveRows({ points, xLabel, yLabel }: Section['curves'][number]): string[][] {
  return [[xLabel, yLabel], ...points.map(({ x, y }) => [shortFigure(x), figure(y)])];
}
