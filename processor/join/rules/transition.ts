import type { SessionEventValue } from '../../../schemas/validators.js';
import { amend } from './amend.js';
import { complete, finalize } from './complete.js';
import { NO_EFFECTS, type Transition } from './effects.js';
import { gather } from './gather.js';
import { incompleteRecord } from './records.js';
import type { JoinRules } from './rules.js';
import { givenUpState, openState, type Millis, type SessionState } from './state.js';
import { dueAt } from './timers.js';

/**
 * Applies one event to a session. Pure: the same state, event and time lead to the same result.
 *
 * @param state the session's state; `undefined` when it is new or forgotten.
 * @param now log time of the event.
 */
export function onEvent(
  state: SessionState | undefined,
  event: SessionEventValue,
  now: Millis,
  rules: JoinRules,
): Transition<SessionState> {
  if (state?.phase === 'completed') return amend(state, event);
  const gathered = gather(state ?? openState(now), event, now, rules);
  if (gathered.phase === 'awaiting-recording') {
    return gathered.recording === undefined
      ? { state: gathered, effects: NO_EFFECTS }
      : complete(event.sessionId, gathered, gathered.recording, now);
  }
  if (event.event !== 'session.finalized') return { state: gathered, effects: NO_EFFECTS };
  return finalize(event, gathered, now);
}

/**
 * Fires the session's timer. The caller guarantees that everything that reached the partition up to the due time has been processed
 * (join rule 7). Does nothing before the timer is due.
 *
 * @param now log time. The timer takes effect at its due time, however late it fires, so that a replay leads to the same records.
 */
export function onTimer(
  sessionId: string,
  state: SessionState,
  now: Millis,
  rules: JoinRules,
): Transition<SessionState> {
  const due = dueAt(state, rules);
  if (now < due) return { state, effects: NO_EFFECTS };
  switch (state.phase) {
    case 'open':
      return {
        state: givenUpState(due, state),
        effects: [{ kind: 'incomplete', record: incompleteRecord(sessionId, state, due) }],
      };
    case 'awaiting-recording':
      return complete(sessionId, state, { outcome: 'not_received' }, due);
    case 'given-up':
    case 'completed':
      return { state: undefined, effects: NO_EFFECTS };
    default:
      return state satisfies never;
  }
}
