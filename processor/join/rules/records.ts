import type { Recording, SessionComplete, SessionIncomplete } from '../../../schemas/generated/types.js';
import { isoTime } from '../../../schemas/iso-time.js';
import { isCall } from './recording-outcome.js';
import type { Finalized, Millis, Open, Timeline } from './state.js';

/** Revision 1 of the joined record. */
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

/** The timeline as JSON has it: undefined fields are absent, and `sessionFinalized` is present, since the session was finalized. */
export function writtenTimeline(timeline: Timeline): SessionComplete['timeline'] {
  return timeline as SessionComplete['timeline'];
}

/** The next revision, with a new outcome of the recording. `completedAt` stays the time when the session completed. */
export function amendedRecord(latest: SessionComplete, recording: Recording): SessionComplete {
  return { ...latest, revision: latest.revision + 1, recording };
}

/** Everything known about a session that was not finalized in time. */
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
