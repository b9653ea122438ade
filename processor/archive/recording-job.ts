import type { RecordingReady } from '../../schemas/generated/types.js';
import { objectStem } from './object-key.js';
import type { Lease } from './lease.js';

/** A recording to bring in: who it belongs to, and until when. The link is not in it; see `FetchTask`. */
export type RecordingJob = {
  readonly sessionId: string;
  readonly projectId: string;
  /** Timestamp of the recording.ready that is being settled. */
  readonly readyAt: string;
  readonly objectStem: string;
  readonly deadlines: Deadlines;
  readonly offset: number;
  readonly lease: Lease;
};

/** All in ms since the epoch. */
export type Deadlines = {
  /** The link works until about then, and the join waits until then. */
  readonly linkEndsAt: number;
  /** No try to download begins or goes on after it: the outcome must be in the log before the join stops waiting. */
  readonly giveUpAt: number;
  /** A recording that is on disk waits for the store until then. */
  readonly storeGiveUpAt: number;
};

const MARGIN_MS = 5_000;
const MARGIN_SHARE = 0.05;

/** @param appendedAt when recording.ready reached Kafka (ms): the join counts the link's life from there too. */
export function deadlinesOf(appendedAt: number, linkLifetimeMs: number): Deadlines {
  const linkEndsAt = appendedAt + linkLifetimeMs;
  return {
    linkEndsAt,
    giveUpAt: linkEndsAt - Math.min(MARGIN_MS, linkLifetimeMs * MARGIN_SHARE),
    storeGiveUpAt: linkEndsAt + linkLifetimeMs,
  };
}

export function recordingJob(
  event: RecordingReady,
  record: { readonly offset: number; readonly timestamp: number },
  lease: Lease,
  linkLifetimeMs: number,
): RecordingJob {
  const { sessionId, projectId, timestamp: readyAt } = event;
  return {
    sessionId,
    projectId,
    readyAt,
    objectStem: objectStem(projectId, sessionId, readyAt, record.timestamp),
    deadlines: deadlinesOf(record.timestamp, linkLifetimeMs),
    offset: record.offset,
    lease,
  };
}
