import { createHash } from 'node:crypto';
import type { RecordingReady } from '../../../schemas/generated/types.js';
import { objectStem } from './object-key.js';
import type { Lease } from '../intake/lease.js';

/** A recording to bring in: who it belongs to, and until when. The link is not in it; see `FetchTask`. */
export type RecordingJob = {
  readonly sessionId: string;
  readonly projectId: string;
  /** Timestamp of the recording.ready that is being settled. */
  readonly readyAt: string;
  readonly objectStem: string;
  /** Names the recording on disk: the same for each delivery of its recording.ready, and tells nothing. */
  readonly fingerprint: string;
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

/** Spans in ms. */
export type Patience = {
  /** How long a link works. */
  readonly linkLifetimeMs: number;
  /** How long a recording on disk waits for the store once its link is dead. */
  readonly spillKeepMs: number;
};

const MARGIN_MS = 5_000;
const MARGIN_SHARE = 0.05;

/** @param appendedAt when recording.ready reached Kafka (ms): the join counts the link's life from there too. */
export function deadlinesOf(appendedAt: number, { linkLifetimeMs, spillKeepMs }: Patience): Deadlines {
  const linkEndsAt = appendedAt + linkLifetimeMs;
  return {
    linkEndsAt,
    giveUpAt: linkEndsAt - Math.min(MARGIN_MS, linkLifetimeMs * MARGIN_SHARE),
    storeGiveUpAt: linkEndsAt + spillKeepMs,
  };
}

export function recordingJob(
  event: RecordingReady,
  record: { readonly offset: number; readonly timestamp: number },
  lease: Lease,
  patience: Patience,
): RecordingJob {
  const { sessionId, projectId, timestamp: readyAt } = event;
  const stem = objectStem(projectId, sessionId, readyAt, record.timestamp);
  return {
    sessionId,
    projectId,
    readyAt,
    objectStem: stem,
    fingerprint: createHash('sha256').update(`${stem}\n${readyAt}`).digest('hex'),
    deadlines: deadlinesOf(record.timestamp, patience),
    offset: record.offset,
    lease,
  };
}
