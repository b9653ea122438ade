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

/** Time until a group notices a killed member. It does not shrink with the lifetime of links, so each recording gets it once. */
export const SESSION_TIMEOUT_MS = 10_000;

export type HistoryDeps = {
  readonly run: ArchiveRun;
  readonly brokers: string;
  /** `session.events`. */
  readonly topic: string;
  /** Number of records in the topic. */
  readonly records: number;
  readonly source: MisbehavingSource;
  /** The recordings that were announced while the object store was down. */
  readonly inOutage: ReadonlySet<PlannedRecording>;
  readonly store: StoreUnderTest;
  readonly bucket: Bucket;
  readonly spillDir: string;
  /** Directory of the archivers' logs. */
  readonly logDir: string;
  readonly signal: AbortSignal;
};

/** Reads everything that a run has left. The archivers must have ended, and the object store must run. */
export async function readHistory(deps: HistoryDeps): Promise<ArchiveHistory> {
  const { brokers, topic, records, bucket, spillDir, store, logDir, signal } = deps;
  const read = await readLog(brokers, topic, records, LINK_SECRET, signal);
  const logs = readdirSync(logDir).filter((name) => name.startsWith('archiver-'));
  return {
    bucket: bucket.name,
    expected: expectations(deps, read),
    objects: await readObjects(bucket),
    outcomes: read.outcomes,
    leftovers: [...filesBelow(spillDir), ...store.multipartLeftovers()],
    leaks: [
      ...read.leaks,
      ...filesWith(
        LINK_SECRET,
        logs.map((name) => join(logDir, name)),
      ),
    ],
  };
}

function expectations({ run, source, inOutage }: HistoryDeps, { readyAt }: ReadLog): ExpectedRecording[] {
  const { lifetimeMs } = run;
  return source.ledger.published.map((entry) => {
    const { sessionId, content } = entry.recording;
    const isInOutage = inOutage.has(entry.recording);
    return {
      sessionId,
      bytes: content.length,
      sha256: content.sha256(),
      isOwed: source.ledger.isOwed(entry, lifetimeMs) || (isInOutage && entry.isServed),
      // With the object store down, no object is in time; only its existence counts.
      dueAt: isInOutage
        ? Number.POSITIVE_INFINITY
        : (readyAt.get(sessionId) ?? entry.at) + lifetimeMs + SESSION_TIMEOUT_MS,
    };
  });
}
