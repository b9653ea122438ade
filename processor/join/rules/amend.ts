import type { RecordingReady, SessionComplete } from '../../../schemas/generated/types.js';
import type { SessionEventValue } from '../../../schemas/validators.js';
import { NO_EFFECTS, type Effect, type Transition } from './effects.js';
import { isFinal, settled, supersedes } from './recording-outcome.js';
import { amendedRecord, writtenTimeline } from './records.js';
import { completedState, type Completed, type SessionState, type SettledRecording, type Timeline } from './state.js';
import { noteTimestamp } from './timeline.js';

/** Applies an event after completion (join rule 5). Only a settled recording can amend the record; other events update its timeline. */
export function amend(state: Completed, event: SessionEventValue): Transition<SessionState> {
  const { latest } = state;
  if (latest === undefined) return { state, effects: NO_EFFECTS };
  switch (event.event) {
    case 'session.ended':
      return note(state, latest, 'sessionEnded', event.timestamp);
    case 'call.ended':
      return note(state, latest, 'callEnded', event.timestamp);
    case 'session.finalized':
      return { state, effects: NO_EFFECTS };
    case 'recording.ready':
      return announce(state, latest, event);
    case 'recording.archived':
    case 'recording.failed':
      return settle(state, latest, settled(event));
    default:
      return event satisfies never;
  }
}

function announce(state: Completed, latest: SessionComplete, event: RecordingReady): Transition<SessionState> {
  const noted = note(state, latest, 'recordingReady', event.timestamp);
  if (event.success) return noted;
  const { latest: withTimestamp = latest } = noted.state;
  return settle(noted.state, withTimestamp, { outcome: 'provider_failed' });
}

function note(
  state: Completed,
  latest: SessionComplete,
  event: keyof Timeline,
  timestamp: string,
): { readonly state: Completed; readonly effects: readonly Effect[] } {
  const timeline = noteTimestamp(latest.timeline, event, timestamp);
  if (timeline === latest.timeline) return { state, effects: NO_EFFECTS };
  const noted = { ...latest, timeline: writtenTimeline(timeline) };
  return { state: completedState(state.completedAt, noted), effects: NO_EFFECTS };
}

/** Writes the next revision if the recording's outcome supersedes the last one. */
export function settle(
  state: Completed,
  latest: SessionComplete,
  recording: SettledRecording,
): Transition<SessionState> {
  if (!supersedes(recording, latest.recording)) return { state, effects: NO_EFFECTS };
  const record = amendedRecord(latest, recording);
  const effects: readonly Effect[] = [{ kind: 'amended', record }];
  const kept = isFinal(record.channel, recording.outcome) ? undefined : record;
  return { state: completedState(state.completedAt, kept), effects };
}
