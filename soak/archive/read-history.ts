import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bucket } from '../../lab/bucket.js';
import { filesBelow } from '../../lab/files-below.js';
import type { ArchiveRun } from './archive-run.js';
import type { ArchiveHistory, ExpectedRecording } from './check-archive.js';
import { LINK_SECRET, type MisbehavingSource } from './misbehaving-source.js';
import { filesWith, readLog, readObjects, type ReadLog } from './read-archive.js';
import type { PlannedRecording } from './recording-plan.js';
import type { StoreUnderTest } from './store-under-test.js';

/** So long a group does not miss a member that was killed; it does not shrink with the links' lives, and so is granted once. */
export const SESSION_TIMEOUT_MS = 10_000;

export type HistoryParts = {
  readonly run: ArchiveRun;
  readonly brokers: string;
  /** `session.events`, and how many records it has. */
  readonly topic: string;
  readonly records: number;
  readonly source: MisbehavingSource;
  /** The recordings that came in while the store was away. */
  readonly inOutage: ReadonlySet<PlannedRecording>;
  readonly store: StoreUnderTest;
  readonly bucket: Bucket;
  readonly spillDir: string;
  /** Where the archivers' logs are. */
  readonly logDir: string;
  readonly signal: AbortSignal;
};

/** Reads back all that is there after a run. The archivers must have ended; the store must run. */
export async function readHistory(parts: HistoryParts): Promise<ArchiveHistory> {
  const { brokers, topic, records, bucket, spillDir, store, logDir, signal } = parts;
  const read = await readLog(brokers, topic, records, LINK_SECRET, signal);
  const logs = readdirSync(logDir).filter((name) => name.startsWith('archiver-'));
  return {
    bucket: bucket.name,
    expected: expectations(parts, read),
    objects: await readObjects(bucket),
    outcomes: read.outcomes,
    leftOvers: [...filesBelow(spillDir), ...store.multipartLeftOvers()],
    leaks: [
      ...read.leaks,
      ...filesWith(
        LINK_SECRET,
        logs.map((name) => join(logDir, name)),
      ),
    ],
  };
}

function expectations({ run, source, inOutage }: HistoryParts, { readyAt }: ReadLog): ExpectedRecording[] {
  const { lifeMs } = run;
  return source.ledger.published.map((entry) => {
    const { sessionId, content } = entry.recording;
    const isInOutage = inOutage.has(entry.recording);
    return {
      ...{ sessionId, bytes: content.length, sha256: content.sha256() },
      isOwed: source.ledger.isOwed(entry, lifeMs) || (isInOutage && entry.isServed),
      // With the store away there is no object in time; what counts is that there is one.
      dueAt: isInOutage ? Number.POSITIVE_INFINITY : (readyAt.get(sessionId) ?? entry.at) + lifeMs + SESSION_TIMEOUT_MS,
    };
  });
}
