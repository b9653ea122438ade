import type { RecordingSet } from './source/recording-set.js';
import type { SourceLog } from './source/source-process.js';

/** How much each part of the archive bench does. */
export type ArchiveLoad = {
  readonly burst: { readonly set: RecordingSet; readonly bytesPerSecond: number; readonly warmUp: number };
  readonly large: { readonly set: RecordingSet; readonly streamBytesPerSecond: number; readonly warmUp: number };
  readonly rest: { readonly set: RecordingSet; readonly everyMs: number };
};

/** One run of a contender that was given all recordings of a set at once, except those of the warm-up. */
export type ArchiveResult = {
  /** From the moment it may begin until it reports that all recordings are in the bucket. */
  readonly ms: number;
  readonly bytes: number;
  readonly cpuMs: number;
  /** Resident memory when it was ready, and its peak. */
  readonly idleMiB: number;
  readonly peakMiB: number;
  /** Peak of its disk usage. */
  readonly diskMiB: number;
  readonly source: SourceLog;
  /** Recordings copied before the measurement: a process that has just started compiles its code while it works. */
  readonly warmUp: number;
  /** Each a sentence. */
  readonly faults: readonly string[];
};
