import type { BenchSite } from './site/bench-site.js';
import type { Section } from './report/section.js';

/** What every part of `npm run bench` is given. */
export type BenchOptions = {
  /** A look in half a minute or so: one round, less work. Its figures say that it works, and little more. */
  readonly quick: boolean;
  /** So many times each contender, in turn. */
  readonly rounds: number;
  /** The stack that all parts share; warm when a part begins. */
  readonly site: BenchSite;
  /** For the node that runs our join: `--cpu-prof`, for instance. */
  readonly nodeArguments: readonly string[];
};

/** Measures, and says what it measured; progress goes to the site's log. */
export type Bench = (options: BenchOptions) => Promise<readonly Section[]>;
