import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../dev/local-stack/folders.js';
import { capacityFigures } from './capacity/capacity-figures.js';
import { capacityTable } from './capacity/capacity.js';
import { machineSentence } from './machine.js';
import { sectionMarkdown } from './markdown.js';
import { replaceRegion } from './marked-region.js';
import { readResults, SHOWN_DIR, writeResults, type Results } from './results.js';
import { writeCharts } from './write-charts.js';

const PERFORMANCE = join(projectRoot, 'docs', 'performance.md');
const CAPACITY = join(projectRoot, 'docs', 'capacity.md');

/**
 * Writes results into the documents: each measured part with its charts into its region of `docs/performance.md`, and the capacity that
 * follows from the results of all parts. Text outside of the regions stays as it is.
 * @param parts names of all parts.
 * @returns the paths of the files it wrote.
 */
export function writeDocs(results: readonly Results[], parts: readonly string[]): string[] {
  const written = results.map((result) => writeResults(SHOWN_DIR, result));
  let performance = readFileSync(PERFORMANCE, 'utf8');
  for (const result of results) performance = replaceRegion(performance, result.part, partMarkdown(result));
  writeFileSync(PERFORMANCE, performance);
  written.push(PERFORMANCE);
  const sections = parts.flatMap((part) => readResults(SHOWN_DIR, part)?.sections ?? []);
  const figures = capacityFigures(sections);
  if (figures === undefined) return written;
  writeFileSync(CAPACITY, replaceRegion(readFileSync(CAPACITY, 'utf8'), 'capacity', capacityTable(figures)));
  return [...written, CAPACITY];
}

function partMarkdown({ part, at, seconds, othersPercent, machine, sections }: Results): string {
  const measured = `*\`npm run bench -- ${part}\`, ${at.slice(0, 10)}, ${Math.round(seconds / 60)} min; other processes used ${Math.round(othersPercent)} % of the machine. ${machineSentence(machine)}*`;
  return [measured, ...sections.map((section) => sectionMarkdown(section, writeCharts(section)))].join('\n\n');
}
