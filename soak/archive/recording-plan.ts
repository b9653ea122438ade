import { RecordingBytes } from '../../lab/source/recording-bytes.js';
import { between, shuffled, type Random } from '../../lab/random.js';

/** How the source treats a recording. */
export type Behaviour = {
  /** Transfers that end early, in order: each after this share of the bytes left to send. */
  readonly cuts: readonly number[];
  /** How they end: the connection is closed, or stays open without further bytes. */
  readonly cutsBy: 'closing' | 'silence';
  /** Whether a cut transfer can be resumed: no, yes, or the link then leads to other bytes. */
  readonly resume: 'no' | 'yes' | 'replaced';
  /** Statuses of the first responses. */
  readonly refusals: readonly number[];
  /** Period after the publication (ms) in which connections are closed without a response. */
  readonly downMs: readonly [from: number, to: number];
};

/** A recording to archive. */
export type PlannedRecording = {
  readonly sessionId: string;
  readonly projectId: string;
  /** The bytes that must be archived. */
  readonly content: RecordingBytes;
  /** The bytes that the source sends until its first cut; they differ from `content` if that replaces them. */
  readonly firstContent: RecordingBytes;
  readonly behaviour: Behaviour;
  /** Delay (ms) after which the vendor sends recording.ready again. */
  readonly redeliverAfterMs: number | undefined;
};

/** The share of all recordings that have a length of `from` to `to` bytes, with evenly distributed logarithms. */
export type SizeClass = { readonly share: number; readonly from: number; readonly to: number };

export type PlanOptions = {
  readonly count: number;
  readonly sizes: readonly SizeClass[];
  /** Total number of transfers that are cut. */
  readonly cuts: number;
  /** Lifetime of a link (ms). */
  readonly lifetimeMs: number;
};

const SOUND: Behaviour = { cuts: [], cutsBy: 'closing', resume: 'yes', refusals: [], downMs: [0, 0] };
const PROJECTS = 7;
const REDELIVERED_SHARE = 0.05;
const REFUSED_SHARE = 0.05;
/** Share of the recordings with cuts whose transfers stall instead of being closed. */
const SILENT_SHARE = 0.1;
/** Shares of the recordings whose source is down for a while, and forever. */
const DOWN_SHARE = 0.04;
const DEAD_SHARE = 0.01;

/** Plans the recordings of a run, equal for equal random numbers. Numbers their sessions from `first` on. */
export function planRecordings(random: Random, options: PlanOptions, first = 0): PlannedRecording[] {
  const lengths = options.sizes.flatMap((size) => {
    return Array.from({ length: Math.round(size.share * options.count) }, () => lengthIn(size, random));
  });
  // Include the minimum and the maximum length.
  lengths[0] = options.sizes[0]?.from ?? 1;
  lengths[lengths.length - 1] = options.sizes.at(-1)?.to ?? 1;
  const cutsOf = spreadCuts(random, options);
  return shuffled(random, lengths).map((length, index) => {
    const number = first + index;
    const behaviour = behaviourOf(random, cutsOf[index] ?? 0, options.lifetimeMs);
    const content = new RecordingBytes(2 * number, length);
    return {
      sessionId: `recording-${String(number).padStart(5, '0')}`,
      projectId: `project-${number % PROJECTS}`,
      content,
      firstContent: behaviour.resume === 'replaced' ? new RecordingBytes(2 * number + 1, length) : content,
      behaviour,
      redeliverAfterMs: random() < REDELIVERED_SHARE ? between(random, 0, options.lifetimeMs / 4) : undefined,
    };
  });
}

export function totalBytes(recordings: readonly PlannedRecording[]): number {
  return recordings.reduce((sum, { content }) => sum + content.length, 0);
}

function lengthIn({ from, to }: SizeClass, random: Random): number {
  return Math.round(from * (to / from) ** random());
}

/** Distributes the cuts over the recordings. Some recordings are cut more than once. */
function spreadCuts(random: Random, { count, cuts }: PlanOptions): number[] {
  const cutsOf = new Array<number>(count).fill(0);
  for (let left = cuts; left > 0;) {
    const times = Math.min(left, random() < 0.2 ? between(random, 2, 4) : 1);
    const index = between(random, 0, count);
    if (cutsOf[index] !== 0) continue;
    cutsOf[index] = times;
    left -= times;
  }
  return cutsOf;
}

function behaviourOf(random: Random, cuts: number, lifetimeMs: number): Behaviour {
  if (cuts > 0) {
    const resume = random();
    return {
      ...SOUND,
      cuts: Array.from({ length: cuts }, () => 0.05 + 0.9 * random()),
      cutsBy: random() < SILENT_SHARE ? 'silence' : 'closing',
      resume: resume < 0.6 ? 'yes' : resume < 0.85 ? 'no' : 'replaced',
    };
  }
  if (random() < REFUSED_SHARE) return { ...SOUND, refusals: random() < 0.5 ? [503] : [500, 502] };
  if (random() < DOWN_SHARE) {
    const from = between(random, 0, lifetimeMs / 4);
    return { ...SOUND, downMs: [from, from + between(random, 0.2 * lifetimeMs, 0.6 * lifetimeMs)] };
  }
  return random() < DEAD_SHARE ? { ...SOUND, downMs: [0, Number.POSITIVE_INFINITY] } : SOUND;
}
