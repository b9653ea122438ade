/** What every soak is started with. */
export type SoakOptions = {
  readonly seed: number;
  /** Fewer faults, for a first look. */
  readonly quick: boolean;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};
