import type { RecordingReady } from '../../../schemas/generated/types.js';
import type { SessionEventValue } from '../../../schemas/validators.js';
import { settled, supersedes } from './recording-outcome.js';
import type { JoinRules } from './rules.js';
import {
  copyOf,
  type Fragments,
  type GivenUp,
  type Millis,
  type Open,
  type SettledRecording,
  type Timeline,
  type Unfinished,
  type Writable,
} from './state.js';
import { isEarlier, noteTimestamp } from './timeline.js';

/** Adds an event's content to the state. Returns the same object when the event adds nothing. */
export function gather(state: Unfinished, event: SessionEventValue, now: Millis, rules: JoinRules): Unfinished {
  switch (event.event) {
    case 'session.ended': {
      const { currentNodeId, messagesCount, extractedVariables } = event;
      return withFragment(state, 'sessionEnded', event.timestamp, {
        ended: { currentNodeId, messagesCount, extractedVariables },
      });
    }
    case 'call.ended': {
      const call = { status: event.callStatus, durationSeconds: event.callDuration };
      return withFragment(state, 'callEnded', event.timestamp, { projectId: event.projectId, call });
    }
    case 'session.finalized':
      return withTimeline(state, noteTimestamp(state.timeline, 'sessionFinalized', event.timestamp));
    case 'recording.ready': {
      const known = withProjectId(state, event);
      const noted = withTimeline(known, noteTimestamp(state.timeline, 'recordingReady', event.timestamp));
      if (!event.success) return withRecording(noted, { outcome: 'provider_failed' });
      return withLink(noted, now + rules.linkLifetimeMs);
    }
    case 'recording.archived':
    case 'recording.failed':
      return withRecording(state, settled(event));
    default:
      return event satisfies never;
  }
}

/**
 * Adds a part of the incomplete record; a finalized session does not need it. Of contradicting events, the one with the earliest
 * timestamp counts, and at equal timestamps the one whose content comes first as text, so that their order does not matter.
 */
function withFragment(
  state: Unfinished,
  event: 'sessionEnded' | 'callEnded',
  timestamp: string,
  fragment: Fragments,
): Unfinished {
  const known = state.timeline[event];
  if (known === timestamp) {
    return state.phase === 'awaiting-recording' || !isFirstAsText(fragment, state)
      ? state
      : setFields(copyOf(state), fragment);
  }
  if (known !== undefined && !isEarlier(timestamp, known)) return state;
  const noted = copyOf(state);
  noted.timeline = noteTimestamp(state.timeline, event, timestamp);
  return noted.phase === 'awaiting-recording' ? noted : setFields(noted, fragment);
}

/** Sets the fields of the fragment's event. */
function setFields(state: Writable<Open> | Writable<GivenUp>, { projectId, ended, call }: Fragments): Unfinished {
  if (ended !== undefined) state.ended = ended;
  if (projectId !== undefined) state.projectId = projectId;
  if (call !== undefined) state.call = call;
  return state;
}

/** Adds the project of the incomplete record, unless a `call.ended` has set it. Contradictions are decided as in {@link withFragment}. */
function withProjectId(state: Unfinished, { projectId, timestamp }: RecordingReady): Unfinished {
  if (state.phase === 'awaiting-recording' || state.call !== undefined) return state;
  const noted = state.timeline.recordingReady;
  const isSaid = state.projectId !== undefined && noted !== undefined;
  if (isSaid && !isEarlier(timestamp, noted) && !(timestamp === noted && projectId < state.projectId)) return state;
  const known = copyOf(state);
  known.projectId = projectId;
  return known;
}

function isFirstAsText(fragment: Fragments, { projectId, ended, call }: Fragments): boolean {
  const known = fragment.ended === undefined ? { projectId, call } : { ended };
  return JSON.stringify(fragment) < JSON.stringify(known);
}

function withTimeline(state: Unfinished, timeline: Timeline): Unfinished {
  if (timeline === state.timeline) return state;
  const noted = copyOf(state);
  noted.timeline = timeline;
  return noted;
}

function withRecording(state: Unfinished, recording: SettledRecording): Unfinished {
  if (!supersedes(recording, state.recording)) return state;
  const known = copyOf(state);
  known.recording = recording;
  return known;
}

/** Notes when a link expires. Of several links, the one that expires last counts (join rule 3). */
function withLink(state: Unfinished, linkDiesAt: Millis): Unfinished {
  if (linkDiesAt <= (state.linkDiesAt ?? 0)) return state;
  const known = copyOf(state);
  known.linkDiesAt = linkDiesAt;
  return known;
}
