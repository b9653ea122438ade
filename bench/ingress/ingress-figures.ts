import type { Throughput } from './server-under-load.js';

/** Upper bounds for a turn of the ingress, measured after some of the rounds. */
export type Ceiling = {
  /** Records a second of Kafka's own tools. */
  readonly written: number;
  readonly read: number;
  /** The echo under two load generators. */
  readonly twoGenerators: Throughput;
  /** Events a second of the ingress in the turns before; median. */
  readonly ours: number;
};

/** All results of the ingress bench. */
export type IngressFigures = {
  /** By contender, one a round. */
  readonly results: ReadonlyMap<string, readonly Throughput[]>;
  readonly turnMs: number;
  readonly ceilings: readonly Ceiling[];
  /** Events a second in the steady turns. */
  readonly steadyRate: number;
  readonly steady: readonly Throughput[];
  /** Steady turns while the broker hangs; absent where it is not ours to hang. */
  readonly hung?: readonly Throughput[];
  /** Size of an event in the broker's log. */
  readonly eventBytes: number;
};
