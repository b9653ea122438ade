import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../dev/local-stack/folders.js';
import type { Machine } from './machine.js';
import type { Section } from './section.js';

/** Results of one part of `npm run bench`, and the machine it ran on. */
export type Results = {
  readonly part: string;
  /** Time of the run, ISO 8601. */
  readonly at: string;
  readonly quick: boolean;
  readonly seconds: number;
  /** Share of the machine that other processes used right before, in percent: the higher, the less the figures can be trusted. */
  readonly othersPercent: number;
  readonly machine: Machine;
  readonly sections: readonly Section[];
};

/** Results of every run; not kept in the repository. */
export const RESULTS_DIR = join(projectRoot, 'bench', 'results');
/** Results of the runs that the documents show, beside their charts. */
export const SHOWN_DIR = join(projectRoot, 'docs', 'performance');

/** @returns the path of the file. */
export function writeResults(dir: string, results: Results): string {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, `${results.part}.json`);
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
  return file;
}

/** Undefined when the part was never measured. */
export function readResults(dir: string, part: string): Results | undefined {
  const file = join(dir, `${part}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : undefined;
}
