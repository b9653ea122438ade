import type { Effect, Transition } from '../rules/effects.js';
import { encodeState } from '../rules/state-codec.js';
import type { SessionState } from '../rules/state.js';
import type { OutputRecord } from './partition-log.js';

/** Reserve for a record's key, headers and framing, and for the fields that a joined record adds to its state. */
const HEADROOM_BYTES = 32 * 1024;

/** Largest value that the join writes to topics with this record limit. The ingress reserves the same headroom once more. */
export function maxValueBytes(maxRecordBytes: number): number {
  return Math.max(1, maxRecordBytes - HEADROOM_BYTES);
}

/** Largest factor by which JSON grows when it is written again: `1e20,` has five bytes, JavaScript writes 22. */
const MAX_GROWTH = 5;
/** Rough size of everything in a state and an event except the event's own bytes. */
const FIXED_BYTES = 512;

/** Upper bound of the state that follows an event of `eventBytes`, where the state before has at most `stateBytes`. */
export function boundAfter(stateBytes: number, eventBytes: number): number {
  return stateBytes + MAX_GROWTH * eventBytes + FIXED_BYTES;
}

/** Size of the largest value that a transition writes. Encodes everything, so check {@link boundAfter} first. */
export function largestValue(
  { state, effects }: Transition<SessionState>,
  encode: (effect: Effect) => OutputRecord,
): number {
  const stateBytes = state === undefined ? 0 : encodeState(state).length;
  return Math.max(stateBytes, ...effects.map((effect) => encode(effect).value.length));
}
