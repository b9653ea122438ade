import { SessionStore } from '../../processor/join/state/session-store.js';
import { sessionIdOf } from '../join/call-sessions.js';

/** Due time, slot and heap position of a session's timer, which the store's count leaves out. */
const TIMER_BYTES = 16;
/** Sessions whose states are written at once, as in a transaction. */
const SLICE = 1_000;

/**
 * Memory of a session that is complete and remembered, as the join's store counts it. The memory of a process would not show it: its heap
 * grows and shrinks by more than that.
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
