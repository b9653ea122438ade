import type { JoinRules } from './rules.js';
import type { AwaitingRecording, Millis, SessionState } from './state.js';

/** When the state's timer is due. A state has exactly one timer, and it is a function of the state alone, so it survives a restart. */
export function dueAt(state: SessionState, rules: JoinRules): Millis {
  switch (state.phase) {
    case 'open':
      return state.firstEventAt + rules.finalizeTimeoutMs;
    case 'given-up':
      return state.givenUpAt + rules.retentionMs;
    case 'awaiting-recording':
      return recordingDueAt(state, rules);
    case 'completed':
      return state.completedAt + rules.retentionMs;
    default:
      return state satisfies never;
  }
}

/** The grace, or longer while an archive of this session is still inside its link's life. */
function recordingDueAt(state: AwaitingRecording, rules: JoinRules): Millis {
  return Math.max(state.finalizedAt + rules.recordingGraceMs, state.linkDiesAt ?? 0);
}
