import { SessionStore } from '../../processor/join/state/session-store.js';
import { sessionIdOf } from '../join/call-sessions.js';

/** Due time, slot and place of a session's timer, which the store does not count in what it holds. */
const TIMER_BYTES = 16;
/** States of so many sessions are written at once, as in a transaction. */
const SLICE = 1_000;

/**
 * Memory for each of so many sessions that are complete and remembered: what the join's store holds of them, counted rather than taken
 * from a process, whose heap grows and shrinks by more than that.
 */
export function rememberedBytes(sessions: number): number {
  const rules = { recordingGraceMs: 0, finalizeTimeoutMs: 0, retentionMs: 1, linkLifetimeMs: 0 };
  const store = new SessionStore(rules);
  for (let session = 0; session < sessions; session += 1) {
    store.set(sessionIdOf(session), { phase: 'completed', completedAt: Date.UTC(2026, 4, 3) + session });
    if (session % SLICE === SLICE - 1) store.drainChanges();
  }
  store.drainChanges();
  return store.heldBytes / sessions + TIMER_BYTES;
}
