import type { SpooledRecord } from '../../../infra/spool/record-codec.js';
import type { RecordingJob } from '../recording/recording-job.js';
import { readyRecordingInJson, type ReadyRecording } from '../recording/recording-ready.js';
import { RecentSet } from '../spill/recent-set.js';

/** A recording.ready in the spool. */
export type Announcement = {
  readonly segment: string;
  readonly event: ReadyRecording;
  /** Both in ms since the epoch. */
  readonly spooledAt: number;
  readonly receivedAt: number;
};

/** Number of recordings that are remembered, in about 10 MB. */
const MAX_REMEMBERED = 100_000;

/** The recordings that the spool announces and that nobody has rescued yet. */
export class Announcements {
  private waiting: Announcement[] = [];
  private readonly begun = new RecentSet(MAX_REMEMBERED);
  /** `ce_id` of the reports in the spool. */
  private readonly reported = new RecentSet(MAX_REMEMBERED);

  get size(): number {
    return this.waiting.length;
  }

  /** Adds what the records announce, and notes which recordings an earlier process has already reported. */
  add(segment: string, records: readonly SpooledRecord[]): void {
    for (const { record, spooledAt } of records) {
      const { ce_type: type, ce_id: id, 'received-at': receivedAt = '' } = record.headers;
      if (type === 'recording.archived' && id !== undefined) this.reported.add(id);
      if (type !== 'recording.ready') continue;
      const event = readyRecordingInJson(record.body);
      if (event === undefined) continue;
      const received = Date.parse(receivedAt);
      this.waiting.push({ segment, event, spooledAt, receivedAt: Number.isNaN(received) ? spooledAt : received });
    }
  }

  /** Drops what Kafka has by now: the archive will fetch it. */
  drop(segment: string): void {
    this.waiting = this.waiting.filter((announcement) => announcement.segment !== segment);
  }

  /** Removes and returns up to `max` recordings that were spooled before the given time, oldest first. */
  takeSpooledBefore(time: number, max: number): Announcement[] {
    const due = this.waiting.filter(({ spooledAt }) => spooledAt <= time).slice(0, Math.max(0, max));
    const taken = new Set(due);
    if (taken.size > 0) this.waiting = this.waiting.filter((announcement) => !taken.has(announcement));
    return due;
  }

  /** Whether to begin with a recording: nobody has begun with it or reported it. Ask once for each. */
  begin({ fingerprint, sessionId, readyAt }: RecordingJob): boolean {
    if (this.begun.has(fingerprint) || this.reported.has(`${sessionId}:recording.archived:${readyAt}`)) return false;
    this.begun.add(fingerprint);
    return true;
  }
}
