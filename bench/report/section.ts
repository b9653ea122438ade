/** Results of one bench; written as JSON, tables and charts. */
export type Section = {
  /** Lower-case word, unique among all sections. */
  readonly id: string;
  readonly title: string;
  /** Markdown: what was measured and how, for readers who do not know the code. */
  readonly method: string;
  readonly measures: readonly Measure[];
  readonly ratios: readonly Ratio[];
  readonly curves: readonly Curve[];
  /** Faults in a contender's output (lost, repeated, wrong), each a sentence. */
  readonly faults: readonly string[];
};

/** The project's target for a figure. */
export type Asked = { readonly atLeast: number } | { readonly atMost: number };

/** One figure of each contender, once a round. */
export type Measure = {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** The values of each contender, in the order of the rounds. Ours comes first. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** Target of the first contender. */
  readonly asked?: Asked;
};

/** The headline: one contender against another, round by round. */
export type Ratio = {
  readonly title: string;
  /** Median of the rounds. */
  readonly value: number;
  /** Minimum and maximum of the rounds. */
  readonly range: readonly [number, number];
  readonly asked?: Asked;
};

/** Growth: `y` over `x`, and what was fitted to it. */
export type Curve = {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly points: readonly Point[];
  /** Markdown: the fit, where growth stops being linear, and why. */
  readonly reading: string;
};

export type Point = { readonly x: number; readonly y: number };

/** One figure of each contender's results, as samples of a measure. */
export function samplesOf<R>(
  results: ReadonlyMap<string, readonly R[]>,
  pick: (result: R) => number,
): Measure['samples'] {
  return Object.fromEntries([...results].map(([name, rounds]) => [name, rounds.map(pick)]));
}
