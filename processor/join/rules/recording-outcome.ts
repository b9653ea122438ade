import type { Recording } from '../../../schemas/generated/types.js';
import type { SessionEventValue } from '../../../schemas/validators.js';
import type { Finalized, SettledRecording } from './state.js';

/**
 * Rank of an outcome. A recording's outcome only rises, so that contradicting events (a failure, then success with a fresh link) end in
 * the same outcome in any order.
 *
 * `not_expected` and `provider_failed` have the same rank: both say that there is no audio, so neither amends the other.
 */
function rank(outcome: Recording['outcome']): number {
  switch (outcome) {
    case 'not_received':
      return 0;
    case 'not_expected':
    case 'provider_failed':
      return 1;
    case 'archive_failed':
      return 2;
    case 'archived':
      return 3;
    default:
      return outcome satisfies never;
  }
}

/** Whether `next` outranks `current`, and so replaces or amends it. At equal rank the first in the log stays. */
export function supersedes(next: Recording, current: Recording | undefined): boolean {
  return current === undefined || rank(next.outcome) > rank(current.outcome);
}

/** The outcome with which a finalized session completes at once; `undefined` when it waits for its recording. */
export function outcomeAtFinalize(finalized: Finalized, settled: SettledRecording | undefined): Recording | undefined {
  if (!isCall(finalized) || finalized.callDuration === 0) return { outcome: 'not_expected' };
  return settled;
}

export function isCall(finalized: Finalized): boolean {
  return finalized.callStatus !== undefined;
}

/** Whether no later recording can change the outcome. A text session never has a recording. */
export function isFinal(channel: 'call' | 'text', outcome: Recording['outcome']): boolean {
  return channel === 'text' || outcome === 'archived';
}

/** The outcome that an event of the archiver reports. */
export function settled(
  event: Extract<SessionEventValue, { event: 'recording.archived' | 'recording.failed' }>,
): SettledRecording {
  if (event.event === 'recording.failed') return { outcome: 'archive_failed', reason: event.reason };
  const { bucket, key, bytes, sha256, contentType, archivedAt } = event;
  return { outcome: 'archived', bucket, key, bytes, sha256, contentType, archivedAt };
}
