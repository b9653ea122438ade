import { textTable } from '../../lab/text-table.js';
import { figure, shortFigure } from './figures.js';
import { measureRows, ratioRows } from './markdown.js';
import type { Curve, Section } from './section.js';

/** Sections as text for the terminal: tables, and the reading of each curve. */
export function resultsText(sections: readonly Section[]): string {
  return sections.map(sectionText).join('');
}

function sectionText(section: Section): string {
  const { title, measures, ratios, curves, faults } = section;
  return [
    `\n${title}\n`,
    ...(measures.length > 0 ? [textTable(measureRows(measures))] : []),
    ...(ratios.length > 0 ? [textTable(ratioRows(section))] : []),
    ...curves.map(curveText),
    ...faults.map((fault) => `wrong: ${fault}\n`),
  ].join('');
}

function curveText({ title, points, reading }: Curve): string {
  return `${title}: ${points.map(({ x, y }) => `${shortFigure(x)}: ${figure(y)}`).join(', ')}\n  ${reading}\n`;
}
