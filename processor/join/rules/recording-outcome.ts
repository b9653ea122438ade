import type { Recording } from '../../../schemas/generated/types.js';
import type { SessionEventValue } from '../../../schemas/validators.js';
import type { Finalized, SettledRecording } from './state.js';

/**
 * How much an outcome says. A recording's outcome only ever climbs, so that contradicting events (a failure, then success with a
 * fresh link) end in the same outcome in whichever order they come.
 *
 * `not_expected` stands level with `provider_failed`: both say that there is no audio, so the one does not amend the other.
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

/** Whether `next` says more than `current`, and so replaces or amends it. Of equals the first in the log stays. */
export function supersedes(next: Recording, current: Recording | undefined): boolean {
  return current === undefined || rank(next.outcome) > rank(current.outcome);
}

/** The outcome that a finalized session completes with at once, or `undefined` when it has to wait for its recording. */
export function outcomeAtFinalize(finalized: Finalized, settled: SettledRecording | undefined): Recording | undefined {
  if (!isCall(finalized) || finalized.callDuration === 0) return { outcome: 'not_expected' };
  return settled;
}

export function isCall(finalized: Finalized): boolean {
  return finalized.callStatus !== undefined;
}

/** Whether a recording that settles later could still change the outcome. A text session never has a recording. */
export function isFinal(channel: 'call' | 'text', outcome: Recording['outcome']): boolean {
  return channel === 'text' || outcome === 'archived';
}

/** The outcome that an event of the archiver stands for. */
export function settled(
  event: Extract<SessionEventValue, { event: 'recording.archived' | 'recording.failed' }>,
): SettledRecording {
  if (event.event === 'recording.failed') return { outcome: 'archive_failed', reason: event.reason };
  const { bucket, key, bytes, sha256, contentType, archivedAt } = event;
  return { outcome: 'archived', bucket, key, bytes, sha256, contentType, archivedAt };
}
