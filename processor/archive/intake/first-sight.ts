import { MostRecent } from './most-recent.js';
import type { RecordingJob } from '../recording/recording-job.js';

/** So many recordings are remembered; some 10 MB. Vendors deliver again within minutes, if at all. */
const REMEMBERED = 50_000;

/** Tells recordings that nobody can have archived before from those that somebody may have. */
export class FirstSight {
  private readonly stems = new MostRecent(REMEMBERED);

  /**
   * Whether a recording is new: its record came into the log after we had got the partition, so no earlier owner has seen it, and it is the
   * first for its object that has come by here. To be asked once for each record.
   */
  isNew({ objectStem, offset, lease }: RecordingJob): boolean {
    const isKnown = this.stems.has(objectStem);
    this.stems.add(objectStem);
    return !isKnown && !lease.isBacklog(offset);
  }
}
