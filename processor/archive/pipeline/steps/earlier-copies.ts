import type { Clock } from '../../../../infra/async/clock.js';
import { withAbortAfter } from '../../../../infra/async/timeout.js';
import { BucketMissingError } from '../../../../infra/object-store/store-errors.js';
import type { Logger } from '../../../../infra/observability/logger.js';
import type { ArchivedObject } from '../../recording/outcome.js';
import type { RecordingJob } from '../../recording/recording-job.js';
import type { SpillDirectory, SpilledRecording } from '../../spill/spill-directory.js';
import type { RecordingStore } from '../../store/recording-store.js';

export type EarlierCopiesDeps = {
  readonly recordings: RecordingStore;
  readonly spills: SpillDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** How long to ask nothing after the object store has left a question unanswered. */
const PAUSE_MS = 2_000;

/** Finds copies that another process has left, on disk or in the object store. They save a download, or disprove a loss. */
export class EarlierCopies {
  private pausedUntil = 0;

  constructor(private readonly deps: EarlierCopiesDeps) {}

  /** Until when to ask nothing, unless it is the last chance (ms since the epoch): the object store has just not answered. */
  get objectStorePausedUntil(): number {
    return this.pausedUntil;
  }

  /** Adopts a copy on disk, see {@link SpillDirectory.adopt}. */
  async onDisk({ fingerprint, sessionId, projectId }: RecordingJob): Promise<SpilledRecording | undefined> {
    const { spills, logger } = this.deps;
    const spilled = await spills.adopt(fingerprint);
    if (spilled !== undefined) {
      logger.info({ sessionId, projectId }, 'found a complete copy of the recording on disk; uploading that copy');
    }
    return spilled;
  }

  /** Asks the object store for a copy. @param timeoutMs how long it may take to answer. */
  async inObjectStore(
    job: RecordingJob,
    timeoutMs: number,
    stop: AbortSignal,
  ): Promise<ArchivedObject | 'none' | 'unknown'> {
    const { recordings, clock } = this.deps;
    try {
      const found = await withAbortAfter(timeoutMs, stop, (signal) => recordings.find(job, signal), clock);
      this.pausedUntil = 0;
      return found ?? 'none';
    } catch (error) {
      if (error instanceof BucketMissingError) return 'none';
      this.pausedUntil = clock.now() + PAUSE_MS;
      return 'unknown';
    }
  }
}
