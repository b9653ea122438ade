import type { JoinRules } from './rules.js';
import type { Millis, Phase, SessionState } from './state.js';

/** What of a state its timer depends on. */
export type TimerBasis = {
  readonly phase: Phase;
  /** From when the phase's time counts. */
  readonly since: Millis;
  readonly linkDiesAt?: Millis | undefined;
};

/** When the state's timer is due. A state has exactly one timer, and it is a function of the state alone, so it survives a restart. */
export function dueAt(state: SessionState, rules: JoinRules): Millis {
  return basisDueAt(timerBasis(state), rules);
}

/** {@link dueAt} of an encoded state, which need not be decoded for it. */
export function basisDueAt({ phase, since, linkDiesAt = 0 }: TimerBasis, rules: JoinRules): Millis {
  switch (phase) {
    case 'open':
      return since + rules.finalizeTimeoutMs;
    case 'given-up':
    case 'completed':
      return since + rules.retentionMs;
    case 'awaiting-recording':
      // The grace, or longer while an archive of this session is still inside its link's life.
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
