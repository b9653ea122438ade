import type { Recording, SessionComplete, SessionIncomplete } from '../../../schemas/generated/types.js';
import { isoTime } from '../../../schemas/iso-time.js';
import { isCall } from './recording-outcome.js';
import type { Finalized, Millis, Open, Timeline } from './state.js';

/** The joined record, revision 1. */
export function completeRecord(
  sessionId: string,
  finalized: Finalized,
  timeline: Timeline,
  recording: Recording,
  completedAt: Millis,
): SessionComplete {
  const { projectId, currentNodeId, messagesCount, extractedVariables, callStatus, callDuration } = finalized;
  const record: Omit<SessionComplete, 'call'> & { readonly call: SessionComplete['call'] | undefined } = {
    sessionId,
    projectId,
    revision: 1,
    channel: isCall(finalized) ? 'call' : 'text',
    completedAt: isoTime(completedAt),
    currentNodeId,
    messagesCount,
    extractedVariables,
    call:
      callStatus === undefined || callDuration === undefined
        ? undefined
        : { status: callStatus, durationSeconds: callDuration },
    recording,
    timeline: writtenTimeline(timeline),
  };
  return record as SessionComplete;
}

/** As JSON has it, where a field that is undefined is none. A session that completes is finalized. */
export function writtenTimeline(timeline: Timeline): SessionComplete['timeline'] {
  return timeline as SessionComplete['timeline'];
}

/** The next revision, with another outcome of the recording. `completedAt` stays: it says when the session completed. */
export function amendedRecord(latest: SessionComplete, recording: Recording): SessionComplete {
  return { ...latest, revision: latest.revision + 1, recording };
}

/** Everything known of a session that was not finalized in time. */
export function incompleteRecord(sessionId: string, state: Open, givenUpAt: Millis): SessionIncomplete {
  const { projectId, ended, call, recording, timeline, firstEventAt } = state;
  return {
    sessionId,
    ...(projectId !== undefined && { projectId }),
    firstEventAt: isoTime(firstEventAt),
    incompleteAt: isoTime(givenUpAt),
    ...ended,
    ...(call && { call }),
    ...(recording && { recording }),
    timeline: writtenTimeline(timeline),
  };
}
