import type { JoinRules } from './rules.js';
import type { Millis, Phase, SessionState } from './state.js';

/** What of a state its timer depends on. */
export type TimerBasis = {
  readonly phase: Phase;
  /** From when the phase's time counts. */
  readonly since: Millis;
  readonly linkDiesAt?: Millis;
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
      return basis(state.phase, state.firstEventAt, state.linkDiesAt);
    case 'given-up':
      return basis(state.phase, state.givenUpAt, state.linkDiesAt);
    case 'awaiting-recording':
      return basis(state.phase, state.finalizedAt, state.linkDiesAt);
    case 'completed':
      return basis(state.phase, state.completedAt, undefined);
    default:
      return state satisfies never;
  }
}

function basis(phase: Phase, since: Millis, linkDiesAt: Millis | undefined): TimerBasis {
  return linkDiesAt === undefined ? { phase, since } : { phase, since, linkDiesAt };
}
