import type { AudioType } from './audio-type.js';

/** A recording that is complete on the local disk. */
export type FetchedRecording = {
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly audio: AudioType;
};
