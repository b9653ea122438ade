/** What one bench measured: written as JSON, as tables, and as charts. */
export type Section = {
  /** As in `npm run bench -- <id>`. */
  readonly id: string;
  readonly title: string;
  /** Markdown: what was measured, and how, for somebody who did not read the code. */
  readonly method: string;
  readonly measures: readonly Measure[];
  readonly ratios: readonly Ratio[];
  readonly curves: readonly Curve[];
  /** Faults in the output of a contender (lost, repeated, wrong), each a sentence. */
  readonly faults: readonly string[];
};

/** A figure of each contender, once a round. */
export type Measure = {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** Contender to its values, one a round, in the order of the rounds. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
};

/** The headline: one contender held against another, round by round, the median of the rounds. */
export type Ratio = {
  readonly title: string;
  readonly value: number;
  /** Least and most of the rounds. */
  readonly range: readonly [number, number];
  /** The figure to reach, if there is one: at least it, or at most it. */
  readonly asked?: { readonly atLeast: number } | { readonly atMost: number };
};

/** Growth: `y` over `x`, with what was fitted to it. */
export type Curve = {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Markdown: the fit, where it stops being linear, and why. */
  readonly reading: string;
};
