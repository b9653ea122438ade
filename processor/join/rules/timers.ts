import type { JoinRules } from './rules.js';
import type { Millis, Phase, SessionState } from './state.js';

/** The parts of a state that determine its timer. */
export type TimerBasis = {
  readonly phase: Phase;
  /** Start of the phase's time. */
  readonly since: Millis;
  readonly linkDiesAt?: Millis | undefined;
};

/** Due time of the state's timer. A state has exactly one timer, which follows from the state alone, so it survives a restart. */
export function dueAt(state: SessionState, rules: JoinRules): Millis {
  return basisDueAt(timerBasis(state), rules);
}

/** {@link dueAt} without the rest of the state, for states that are not decoded. */
export function basisDueAt({ phase, since, linkDiesAt = 0 }: TimerBasis, rules: JoinRules): Millis {
  switch (phase) {
    case 'open':
      return since + rules.finalizeTimeoutMs;
    case 'given-up':
    case 'completed':
      return since + rules.retentionMs;
    case 'awaiting-recording':
      // Join rule 3: the grace, or longer while a link of this session has not expired.
      return Math.max(since + rules.recordingGraceMs, linkDiesAt);
    default:
      return phase satisfies never;
  }
}

export function timerBasis(state: SessionState): TimerBasis {
  switch (state.phase) {
    case 'open':
      return { phase: state.phase, since: state.firstEventAt, linkDiesAt: state.linkDiesAt };
    case 'given-up':
      return { phase: state.phase, since: state.givenUpAt, linkDiesAt: state.linkDiesAt };
    case 'awaiting-recording':
      return { phase: state.phase, since: state.finalizedAt, linkDiesAt: state.linkDiesAt };
    case 'completed':
      return { phase: state.phase, since: state.completedAt, linkDiesAt: undefined };
    default:
      return state satisfies never;
  }
}
