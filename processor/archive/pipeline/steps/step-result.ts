import type { FailureReason } from '../../recording/failure-reason.js';
import type { Outcome } from '../../recording/outcome.js';
import type { SpilledRecording } from '../../spill/spill-directory.js';
import type { Retry } from '../deadline-workers.js';

/** The recording is complete on disk. */
export type Fetched = { readonly kind: 'fetched' } & SpilledRecording;

/** The outcome is known. */
export type Settled = { readonly kind: 'settled'; readonly outcome: Outcome };

/** The link or the file is of no more use, so the recording is lost unless it is archived already. */
export type Lost = { readonly kind: 'lost'; readonly loss: Loss };

/** Reason of a possible loss, and how long (ms since the epoch) to ask the object store whether it has the recording. */
export type Loss = { readonly reason: FailureReason; readonly askUntil: number };

/** The archive stops, or the partition has another owner: this process reports nothing. */
export type Dropped = { readonly kind: 'dropped' };

/** The result of one attempt at a step. */
export type StepResult = Retry | Fetched | Settled | Lost | Dropped;

export function archivedBefore(object: (Outcome & { readonly kind: 'archived' })['object']): Settled {
  return { kind: 'settled', outcome: { kind: 'archived', object, alreadyStored: true } };
}

export function failed(reason: FailureReason): Settled {
  return { kind: 'settled', outcome: { kind: 'failed', reason } };
}
