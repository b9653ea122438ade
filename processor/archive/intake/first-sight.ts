import type { RecordingJob } from '../recording/recording-job.js';
import { RecentSet } from '../spill/recent-set.js';

/** Number of recordings that are remembered, in about 10 MB. Vendors redeliver within minutes, if at all. */
const MAX_REMEMBERED = 50_000;

/** Distinguishes recordings that nobody can have archived yet from those that somebody may have. */
export class FirstSight {
  private readonly stems = new RecentSet(MAX_REMEMBERED);

  /**
   * Whether a recording is new: its record was appended after the partition was assigned, so no earlier owner has read it, and it is the
   * first one here for its object. Ask once for each record.
   */
  isNew({ objectStem, offset, lease }: RecordingJob): boolean {
    const isKnown = this.stems.has(objectStem);
    this.stems.add(objectStem);
    return !isKnown && !lease.isBacklog(offset);
  }
}
