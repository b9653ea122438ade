import { RecordingBytes } from '../../../lab/source/recording-bytes.js';
import { seededRandom } from '../../../lab/random.js';

/** Describes a set of recordings. The bench and its source process both derive the same bytes from these numbers. */
export type RecordingSet = {
  readonly seed: number;
  readonly count: number;
  /** Size of the shortest and of the longest in bytes; evenly distributed in between. */
  readonly from: number;
  readonly to: number;
};

export function recordingsOf({ seed, count, from, to }: RecordingSet): readonly RecordingBytes[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    return new RecordingBytes(seed + index, Math.round(from + random() * (to - from)));
  });
}

export function sessionIdOf(recording: number): string {
  return `bench-${String(recording).padStart(6, '0')}`;
}

/** Number of the recording with this object key, as both contenders name objects by their session; NaN for another key. */
export function recordingOfKey(key: string): number {
  return Number(/bench-(\d{6})\.wav$/.exec(key)?.[1] ?? NaN);
}
