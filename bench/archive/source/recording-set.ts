import { RecordingBytes } from '../../../lab/source/recording-bytes.js';
import { seededRandom } from '../../../lab/random.js';

/** Recordings that the bench and its source process both know, as they follow from these numbers. */
export type RecordingSet = {
  readonly seed: number;
  readonly count: number;
  /** Bytes of the shortest and of the longest; evenly in between. */
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

/** The recording that an object's key speaks of: both contenders name objects by the session. */
export function recordingOfKey(key: string): number {
  return Number(/bench-(\d{6})\.wav$/.exec(key)?.[1] ?? NaN);
}
