/** Options of every soak. */
export type SoakOptions = {
  readonly seed: number;
  /** Fewer faults, for a quick check. */
  readonly quick: boolean;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};
