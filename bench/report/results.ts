import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../dev/local-stack/folders.js';
import type { Machine } from './machine.js';
import type { Section } from './section.js';

/** What one part of `npm run bench` measured, and on what. */
export type Results = {
  readonly part: string;
  /** ISO 8601. */
  readonly at: string;
  readonly quick: boolean;
  readonly seconds: number;
  /** Share of the machine's processors that others used right before, in percent: above some the figures are not to be trusted. */
  readonly othersPercent: number;
  readonly machine: Machine;
  readonly sections: readonly Section[];
};

/** Of every run; not kept in the repository. */
export const RESULTS_DIR = join(projectRoot, 'bench', 'results');
/** Of the runs that the documents show, beside their charts. */
export const SHOWN_DIR = join(projectRoot, 'docs', 'performance');

/** @returns the file. */
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
