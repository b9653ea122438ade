import { benchArchive } from './archive/bench-archive.js';
import type { Bench } from './bench-options.js';
import { benchCompression } from './compression/bench-compression.js';
import { benchIngress } from './ingress/bench-ingress.js';
import { benchJoin } from './join/bench-join.js';
import { benchLatency } from './latency/bench-latency.js';
import { benchScale } from './scale/bench-scale.js';

/** A part of `npm run bench`. */
export type Part = {
  readonly bench: Bench;
  /** Rounds of a full run: as many as it takes for two runs to agree. */
  readonly rounds: number;
  /** Duration on two cores. */
  readonly seconds: { readonly full: number; readonly quick: number };
};

/** All parts, in the order in which they run and are shown. */
export const PARTS: Readonly<Record<string, Part>> = {
  ingress: { bench: benchIngress, rounds: 31, seconds: { full: 550, quick: 36 } },
  join: { bench: benchJoin, rounds: 6, seconds: { full: 510, quick: 22 } },
  latency: { bench: benchLatency, rounds: 12, seconds: { full: 440, quick: 22 } },
  archive: { bench: benchArchive, rounds: 3, seconds: { full: 320, quick: 34 } },
  compression: { bench: benchCompression, rounds: 3, seconds: { full: 130, quick: 30 } },
  scale: { bench: benchScale, rounds: 3, seconds: { full: 330, quick: 38 } },
};

/** Duration of the start: the stack comes up, and its broker compiles its code under load. */
export const WARM_UP_SECONDS = { full: 35, quick: 18 };
