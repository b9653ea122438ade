import { RecordingBytes } from '../../lab/source/recording-bytes.js';
import { between, shuffled, type Random } from '../../lab/random.js';

/** What the source does with a recording. */
export type Behaviour = {
  /** Transfers that end too soon, one after the other: each after this share of what was left to send. */
  readonly cuts: readonly number[];
  /** How they end: the connection is closed, or stays open and nothing comes any more. */
  readonly cutsBy: 'closing' | 'silence';
  /** Whether a cut transfer can go on: not at all, or it can, or by then there are other bytes under the link. */
  readonly resume: 'no' | 'yes' | 'replaced';
  /** Statuses that are answered first. */
  readonly refusals: readonly number[];
  /** A time, counted from the publication (ms), when connections are closed without a word. */
  readonly downMs: readonly [from: number, to: number];
};

/** A recording that is to be archived. */
export type PlannedRecording = {
  readonly sessionId: string;
  readonly projectId: string;
  /** What must be in the store. */
  readonly content: RecordingBytes;
  /** What the source gives until its first cut; other bytes than `content` where they are replaced. */
  readonly firstContent: RecordingBytes;
  readonly behaviour: Behaviour;
  /** The vendor sends its recording.ready again after so long. */
  readonly redeliverAfterMs: number | undefined;
};

/** Of so many recordings, this share has a length from `from` to `to` bytes, spread evenly over its logarithm. */
export type SizeClass = { readonly share: number; readonly from: number; readonly to: number };

export type PlanOptions = {
  readonly count: number;
  readonly sizes: readonly SizeClass[];
  /** Transfers that are cut in all. */
  readonly cuts: number;
  /** A link's life. */
  readonly lifeMs: number;
};

const SOUND: Behaviour = { cuts: [], cutsBy: 'closing', resume: 'yes', refusals: [], downMs: [0, 0] };
const PROJECTS = 7;
const REDELIVERED = 0.05;
const REFUSED = 0.05;
const SILENT = 0.1;
/** Sources that are away for a while, and for good. */
const DOWN = 0.04;
const DEAD = 0.01;

/** The recordings of a run, the same for the same random numbers; their sessions are numbered from `first` on. */
export function planRecordings(random: Random, options: PlanOptions, first = 0): PlannedRecording[] {
  const lengths = options.sizes.flatMap((size) => {
    return Array.from({ length: Math.round(size.share * options.count) }, () => lengthIn(size, random));
  });
  // The shortest and the longest that there may be are among them.
  lengths[0] = options.sizes[0]?.from ?? 1;
  lengths[lengths.length - 1] = options.sizes.at(-1)?.to ?? 1;
  const cutsOf = spreadCuts(random, options);
  return shuffled(random, lengths).map((length, index) => {
    const number = first + index;
    const behaviour = behaviourOf(random, cutsOf[index] ?? 0, options.lifeMs);
    const content = new RecordingBytes(2 * number, length);
    return {
      sessionId: `recording-${String(number).padStart(5, '0')}`,
      projectId: `project-${number % PROJECTS}`,
      content,
      firstContent: behaviour.resume === 'replaced' ? new RecordingBytes(2 * number + 1, length) : content,
      behaviour,
      redeliverAfterMs: random() < REDELIVERED ? between(random, 0, options.lifeMs / 4) : undefined,
    };
  });
}

export function totalBytes(recordings: readonly PlannedRecording[]): number {
  return recordings.reduce((sum, { content }) => sum + content.length, 0);
}

function lengthIn({ from, to }: SizeClass, random: Random): number {
  return Math.round(from * (to / from) ** random());
}

/** Some recordings are cut more than once. */
function spreadCuts(random: Random, { count, cuts }: PlanOptions): number[] {
  const cutsOf = new Array<number>(count).fill(0);
  for (let left = cuts; left > 0;) {
    const once = Math.min(left, random() < 0.2 ? between(random, 2, 4) : 1);
    const place = between(random, 0, count);
    if (cutsOf[place] !== 0) continue;
    cutsOf[place] = once;
    left -= once;
  }
  return cutsOf;
}

function behaviourOf(random: Random, cuts: number, lifeMs: number): Behaviour {
  if (cuts > 0) {
    const resume = random();
    return {
      ...SOUND,
      cuts: Array.from({ length: cuts }, () => 0.05 + 0.9 * random()),
      cutsBy: random() < SILENT ? 'silence' : 'closing',
      resume: resume < 0.6 ? 'yes' : resume < 0.85 ? 'no' : 'replaced',
    };
  }
  if (random() < REFUSED) return { ...SOUND, refusals: random() < 0.5 ? [503] : [500, 502] };
  if (random() < DOWN) {
    const from = between(random, 0, lifeMs / 4);
    return { ...SOUND, downMs: [from, from + between(random, 0.2 * lifeMs, 0.6 * lifeMs)] };
  }
  return random() < DEAD ? { ...SOUND, downMs: [0, Number.POSITIVE_INFINITY] } : SOUND;
}
