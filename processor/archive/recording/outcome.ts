import type { RecordingArchived, RecordingFailed } from '../../../schemas/generated/types.js';
import { cloudEventHeaders } from '../../../schemas/cloud-events.js';
import { encodeWire } from '../../../schemas/wire-format.js';
import type { FailureReason } from './failure-reason.js';
import type { OutcomeRecord } from './outcome-record.js';
import type { RecordingJob } from './recording-job.js';

/** The object that holds a recording, as the object store describes it. */
export type ArchivedObject = {
  readonly bucket: string;
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly contentType: string;
  /** When the object was complete in the object store (ISO 8601). */
  readonly archivedAt: string;
};

/** How a recording settled. */
export type Outcome =
  | { readonly kind: 'archived'; readonly object: ArchivedObject; readonly alreadyStored: boolean }
  | { readonly kind: 'failed'; readonly reason: FailureReason };

/**
 * The record that reports an outcome. Its `ce_id` is a function of the session, the outcome and the recording.ready that it
 * settles, so reporting it again changes nothing.
 *
 * @param wireHeader of the schema of `session.events`.
 * @param now ms since the epoch.
 */
export function outcomeRecord(job: RecordingJob, outcome: Outcome, wireHeader: Buffer, now: number): OutcomeRecord {
  const event = outcomeEvent(job, outcome, new Date(now).toISOString());
  return {
    key: job.sessionId,
    value: encodeWire(wireHeader, JSON.stringify(event)),
    headers: cloudEventHeaders({
      id: `${job.sessionId}:${event.event}:${job.readyAt}`,
      type: event.event,
      source: '/processor/archive',
      time: event.timestamp,
    }),
  };
}

function outcomeEvent(job: RecordingJob, outcome: Outcome, timestamp: string): RecordingArchived | RecordingFailed {
  const { sessionId, projectId, readyAt } = job;
  const base = { sessionId, timestamp, projectId, readyAt };
  switch (outcome.kind) {
    case 'archived':
      return { event: 'recording.archived', ...base, ...outcome.object };
    case 'failed':
      return { event: 'recording.failed', ...base, reason: outcome.reason };
    default:
      return outcome satisfies never;
  }
}
