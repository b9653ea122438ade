import type { Effect, Transition } from '../rules/effects.js';
import { encodeState } from '../rules/state-codec.js';
import type { SessionState } from '../rules/state.js';
import type { OutputRecord } from './partition-log.js';

/** For key, headers and framing of a record, and for what a joined record says beside what its state holds. */
const HEADROOM_BYTES = 32 * 1024;

/** Largest value that the join writes to topics that take records of so many bytes. What the ingress lets in is smaller by as much again. */
export function maxValueBytes(maxRecordBytes: number): number {
  return Math.max(1, maxRecordBytes - HEADROOM_BYTES);
}

/** JSON that is written again may be longer than it came: `1e20,` is five bytes, and 22 when JavaScript writes it. */
const GROWTH = 5;
/** What a state and an event hold beside the event's own bytes, roughly. */
const FIXED_BYTES = 512;

/** No state that an event of so many bytes leads to is larger, when the state before was no larger than `stateBytes`. */
export function boundAfter(stateBytes: number, eventBytes: number): number {
  return stateBytes + GROWTH * eventBytes + FIXED_BYTES;
}

/** The size of the largest value that a transition has to write. It costs an encoding of all: ask {@link boundAfter} first. */
export function largestValue(
  { state, effects }: Transition<SessionState>,
  encode: (effect: Effect) => OutputRecord,
): number {
  const stateBytes = state === undefined ? 0 : encodeState(state).length;
  return Math.max(stateBytes, ...effects.map((effect) => encode(effect).value.length));
}
