import { onEvent, onTimer } from '../../../../processor/join/rules/transition.js';
import { decodeState, encodeState } from '../../../../processor/join/rules/state-codec.js';
import { dueAt } from '../../../../processor/join/rules/timers.js';
import type { Effect } from '../../../../processor/join/rules/effects.js';
import type { JoinRules } from '../../../../processor/join/rules/rules.js';
import type { SessionState } from '../../../../processor/join/rules/state.js';
import type { SessionEventValue } from '../../../../schemas/validators.js';

export const RULES: JoinRules = {
  recordingGraceMs: 900_000,
  finalizeTimeoutMs: 3_600_000,
  retentionMs: 259_200_000,
  linkLifetimeMs: 900_000,
};

/** Minute 0 of every script: 2026-05-03T08:00:00Z. */
export const T0 = Date.UTC(2026, 4, 3, 8);
export const minutes = (n: number): number => n * 60_000;
export const at = (minute: number): string => new Date(T0 + minutes(minute)).toISOString();

/**
 * Plays one session against the join rules as the task would: due timers fire before a later event.
 * Given events at minutes, when time passes, then check `effects` and `state`.
 */
export class SessionScript {
  state: SessionState | undefined;
  readonly effects: Effect[] = [];

  constructor(
    private readonly rules: JoinRules = RULES,
    readonly sessionId = 's-1',
  ) {}

  event(minute: number, event: SessionEventValue): this {
    this.until(minute);
    const { state, effects } = onEvent(this.state, event, T0 + minutes(minute), this.rules);
    return this.apply(state, effects);
  }

  /** Fires the timers that are due before this minute. */
  until(minute: number): this {
    while (this.state !== undefined && dueAt(this.state, this.rules) < T0 + minutes(minute)) {
      const { state, effects } = onTimer(this.sessionId, this.state, dueAt(this.state, this.rules), this.rules);
      this.apply(state, effects);
    }
    return this;
  }

  get kinds(): string[] {
    return this.effects.map(({ kind }) => kind);
  }

  private apply(state: SessionState | undefined, effects: readonly Effect[]): this {
    // Encodes and decodes each time, because the changelog must hold everything that the state needs.
    this.state = state === undefined ? undefined : decodeState(encodeState(state));
    this.effects.push(...effects);
    return this;
  }
}
