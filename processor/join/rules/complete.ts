import type { Recording, SessionFinalized } from '../../../schemas/generated/types.js';
import { settle } from './amend.js';
import { NO_EFFECTS, type Effect, type Transition } from './effects.js';
import { isFinal, outcomeAtFinalize } from './recording-outcome.js';
import { completeRecord } from './records.js';
import {
  awaitingState,
  completedState,
  type AwaitingRecording,
  type Finalized,
  type GivenUp,
  type Millis,
  type Open,
  type SessionState,
  type Writable,
} from './state.js';

/** Applies `session.finalized` (join rules 1 to 3): the session completes at once or waits for its recording. */
export function finalize(event: SessionFinalized, state: Open | GivenUp, now: Millis): Transition<SessionState> {
  const { projectId, currentNodeId, messagesCount, extractedVariables, callStatus, callDuration } = event;
  const finalized: Writable<Finalized> = { projectId, currentNodeId, messagesCount, extractedVariables };
  // The sender may write null for an absent field. The schema guarantees that both are present or both are absent.
  if (typeof callStatus === 'string') finalized.callStatus = callStatus;
  if (typeof callDuration === 'number') finalized.callDuration = callDuration;
  const awaiting = awaitingState(now, finalized, state);
  const outcome = outcomeAtFinalize(finalized, state.recording);
  if (outcome === undefined) return { state: awaiting, effects: NO_EFFECTS };
  return complete(event.sessionId, awaiting, outcome, now);
}

/**
 * Completes a session. A settled recording that supersedes `outcome` amends it at once, so that a session without an expected
 * recording leads to the same records whether its audio came before or after completion.
 */
export function complete(
  sessionId: string,
  state: AwaitingRecording,
  outcome: Recording,
  now: Millis,
): Transition<SessionState> {
  const record = completeRecord(sessionId, state.finalized, state.timeline, outcome, now);
  const effects: Effect[] = [{ kind: 'complete', record }];
  if (isFinal(record.channel, record.recording.outcome)) return { state: completedState(now), effects };
  const completed = completedState(now, record);
  if (state.recording === undefined) return { state: completed, effects };
  const amended = settle(completed, record, state.recording);
  return { state: amended.state, effects: [...effects, ...amended.effects] };
}
