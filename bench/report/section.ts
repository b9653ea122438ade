/** What one bench measured: written as JSON, as tables, and as charts. */
export type Section = {
  /** A word in lower case, unique among all sections. */
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

/** What an issue asks a figure to be. */
export type Asked = { readonly atLeast: number } | { readonly atMost: number };

/** A figure of each contender, once a round. */
export type Measure = {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** Contender to its values, one a round, in the order of the rounds. Ours comes first. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** Of the first contender. */
  readonly asked?: Asked;
};

/** The headline: one contender held against another, round by round, the median of the rounds. */
export type Ratio = {
  readonly title: string;
  readonly value: number;
  /** Least and most of the rounds. */
  readonly range: readonly [number, number];
  readonly asked?: Asked;
};

/** Growth: `y` over `x`, with what was fitted to it. */
export type Curve = {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly points: readonly Point[];
  /** Markdown: the fit, where it stops being linear, and why. */
  readonly reading: string;
};

export type Point = { readonly x: number; readonly y: number };
