import type { BenchSite } from './site/bench-site.js';
import type { Section } from './report/section.js';

/** Options of every part of `npm run bench`. */
export type BenchOptions = {
  /** A first look in about half a minute: one round, less work. Its figures show that the bench works, and little more. */
  readonly quick: boolean;
  /** Each contender runs once a round. */
  readonly rounds: number;
  /** The stack that all parts share; already warm. */
  readonly site: BenchSite;
  /** Arguments for the node that runs our join, for instance `--cpu-prof`. */
  readonly nodeArguments: readonly string[];
};

/** Measures and returns the results; reports progress to the site's log. */
export type Bench = (options: BenchOptions) => Promise<readonly Section[]>;
