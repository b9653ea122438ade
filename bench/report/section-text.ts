import { median } from '../measure/median.js';
import { textTable } from '../measure/text-table.js';
import type { Ratio, Section } from './section.js';

/** A section for the terminal: medians, ratios with what was asked, faults. */
export function sectionText({ title, measures, ratios, faults }: Section): string {
  const contenders = [...new Set(measures.flatMap(({ samples }) => Object.keys(samples)))];
  const table = textTable([
    [title, ...contenders, ''],
    ...measures.map(({ title: what, unit, samples }) => {
      return [what, ...contenders.map((name) => figure(median(samples[name] ?? []))), unit];
    }),
  ]);
  const lines = ratios.map(
    (ratio) => `${ratio.title}: ${figure(ratio.value)} (${ratio.range.map(figure).join(' to ')})${asked(ratio)}\n`,
  );
  return [table, ...lines, ...faults.map((fault) => `FAULT ${fault}\n`)].join('');
}

function asked({ asked: figures }: Ratio): string {
  if (figures === undefined) return '';
  return 'atLeast' in figures ? `; asked: at least ${figures.atLeast}` : `; asked: at most ${figures.atMost}`;
}

function figure(value: number): string {
  return Number.isNaN(value) ? '–' : value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 });
}
