import { BucketMissingError } from '../../../../infra/object-store/store-errors.js';
import type { Logger } from '../../../../infra/observability/logger.js';
import { withAbortAfter } from '../../../../infra/async/timeout.js';
import type { Clock } from '../../../../infra/async/clock.js';
import type { ArchivedObject } from '../../recording/outcome.js';
import type { RecordingJob } from '../../recording/recording-job.js';
import type { RecordingStore } from '../../store/recording-store.js';
import type { SpillDirectory, SpilledRecording } from '../../spill/spill-directory.js';

export type EarlierCopiesOptions = {
  readonly recordings: RecordingStore;
  readonly spills: SpillDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** A store that has not answered is left alone for so long. */
const REST_MS = 2_000;

/** What makes a download needless, or a loss none: another process has brought the recording to the disk, or to the store. */
export class EarlierCopies {
  private restsUntil = 0;

  constructor(private readonly options: EarlierCopiesOptions) {}

  /** The store has just left a question unanswered; nobody should ask it before (ms since the epoch), unless it is the last chance. */
  get storeRestsUntil(): number {
    return this.restsUntil;
  }

  /** Takes it up from the disk, see {@link SpillDirectory.adopt}. */
  async onDisk(job: RecordingJob): Promise<SpilledRecording | undefined> {
    const spilled = await this.options.spills.adopt(job.fingerprint);
    if (spilled !== undefined) {
      this.options.logger.info({ sessionId: job.sessionId }, 'a recording was on disk already');
    }
    return spilled;
  }

  /** @param withinMs how long the store may take to answer. */
  async inStore(job: RecordingJob, withinMs: number, stop: AbortSignal): Promise<ArchivedObject | 'none' | 'unknown'> {
    const { recordings, clock } = this.options;
    try {
      const found = await withAbortAfter(withinMs, stop, (signal) => recordings.find(job, signal));
      this.restsUntil = 0;
      return found ?? 'none';
    } catch (error) {
      if (error instanceof BucketMissingError) return 'none';
      this.restsUntil = clock.now() + REST_MS;
      return 'unknown';
    }
  }
}
