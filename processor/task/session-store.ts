import type { JoinRules } from '../join/rules.js';
import type { Phase, SessionState } from '../join/state.js';
import { dueAt } from '../join/timers.js';
import { TimerQueue } from './timer-queue.js';

/** The states of one partition's sessions in memory, with their timers. The changelog is the durable copy. */
export class SessionStore {
  private readonly states = new Map<string, SessionState>();
  private readonly timers = new TimerQueue();
  /** Sessions by phase, kept up as they move, for the metrics. */
  readonly counts: Record<Phase, number> = { open: 0, 'given-up': 0, 'awaiting-recording': 0, completed: 0 };

  constructor(private readonly rules: JoinRules) {}

  get(sessionId: string): SessionState | undefined {
    return this.states.get(sessionId);
  }

  /** Stores a state and sets its timer; `undefined` forgets the session. */
  set(sessionId: string, state: SessionState | undefined): void {
    const previous = this.states.get(sessionId);
    if (previous !== undefined) this.counts[previous.phase] -= 1;
    if (state === undefined) {
      this.states.delete(sessionId);
      return;
    }
    this.counts[state.phase] += 1;
    this.states.set(sessionId, state);
    const due = dueAt(state, this.rules);
    if (previous === undefined || dueAt(previous, this.rules) !== due) this.timers.add(sessionId, due);
  }

  /** No timer is due before this. */
  nextDueAt(): number | undefined {
    return this.timers.nextDueAt();
  }

  /** A session whose timer is due before `time` (exclusive), earliest first; `undefined` when there is none. */
  takeDueBefore(
    time: number,
  ): { readonly sessionId: string; readonly state: SessionState; readonly dueAt: number } | undefined {
    for (let timer = this.timers.takeDueBefore(time); timer !== undefined; timer = this.timers.takeDueBefore(time)) {
      const state = this.states.get(timer.sessionId);
      if (state !== undefined && dueAt(state, this.rules) === timer.dueAt) return { ...timer, state };
    }
    return undefined;
  }
}
