import { createHash } from 'node:crypto';
import type { RecordingReady } from '../../../schemas/generated/types.js';
import type { Lease } from './lease.js';
import { objectStem } from './object-key.js';
import { mayBeRescued, rescueUploadMs } from './rescue-timing.js';

/** A recording to archive: its owner and its deadlines. Does not hold the link; see `FetchTask`. */
export type RecordingJob = {
  readonly sessionId: string;
  readonly projectId: string;
  /** Timestamp of the recording.ready that is being settled. */
  readonly readyAt: string;
  readonly objectStem: string;
  /** Names the recording on disk: equal for each delivery of its recording.ready, and reveals nothing about the session. */
  readonly fingerprint: string;
  readonly deadlines: Deadlines;
  /** The announcement waited for Kafka in the spool of an ingress, which may have fetched the recording meanwhile. */
  readonly mayBeRescued: boolean;
  /** How long (a duration in ms) to wait for that upload once the object store answers. */
  readonly rescueUploadMs: number;
  readonly offset: number;
  readonly lease: Lease;
};

/** All in ms since the epoch. */
export type Deadlines = {
  /** When the link is expected to expire. The join waits until then. */
  readonly linkEndsAt: number;
  /** End of all download attempts: the outcome must be in the log before the join stops waiting. */
  readonly giveUpAt: number;
  /** How long a recording on disk waits for the object store. */
  readonly storeGiveUpAt: number;
};

/** Durations in ms. */
export type Patience = {
  /** How long a link works. */
  readonly linkLifetimeMs: number;
  /** How long a recording on disk waits for the object store once its link has expired. */
  readonly spillKeepMs: number;
};

/** Time between the end of the downloads and the end of the join's wait; the smaller of the two applies. */
const MARGIN_MS = 5_000;
const MARGIN_SHARE = 0.05;

/** @param appendedAt when recording.ready reached Kafka (ms): the join counts the link's lifetime from there too. */
export function deadlinesOf(appendedAt: number, { linkLifetimeMs, spillKeepMs }: Patience): Deadlines {
  const linkEndsAt = appendedAt + linkLifetimeMs;
  return {
    linkEndsAt,
    giveUpAt: linkEndsAt - Math.min(MARGIN_MS, linkLifetimeMs * MARGIN_SHARE),
    storeGiveUpAt: linkEndsAt + spillKeepMs,
  };
}

/** Where and when (ms since the epoch) a recording was announced. */
export type Announcement = {
  readonly offset: number;
  /** When it reached Kafka; in the spool: when it was spooled. */
  readonly timestamp: number;
  /** When the ingress received it. The same in Kafka and in the spool. */
  readonly receivedAt?: number | undefined;
};

export function recordingJob(
  event: RecordingReady,
  { offset, timestamp, receivedAt = timestamp }: Announcement,
  lease: Lease,
  patience: Patience,
): RecordingJob {
  const { sessionId, projectId, timestamp: readyAt } = event;
  const stem = objectStem(projectId, sessionId, readyAt, receivedAt);
  return {
    sessionId,
    projectId,
    readyAt,
    objectStem: stem,
    fingerprint: createHash('sha256').update(`${stem}\n${readyAt}`).digest('hex'),
    deadlines: deadlinesOf(timestamp, patience),
    mayBeRescued: mayBeRescued(receivedAt, timestamp, patience.linkLifetimeMs),
    rescueUploadMs: rescueUploadMs(patience.linkLifetimeMs),
    offset,
    lease,
  };
}
