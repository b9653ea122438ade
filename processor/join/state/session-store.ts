import { decodeState, encodeState, peekState } from '../rules/state-codec.js';
import type { JoinRules } from '../rules/rules.js';
import type { Phase, SessionState } from '../rules/state.js';
import { basisDueAt, dueAt as dueAtOf } from '../rules/timers.js';
import type { ChangelogRecord } from './changelog-record.js';
import { SessionTable } from './session-table.js';
import { TimerHeap } from './timer-heap.js';

/** A session used since the last commit: decoded once on first use, encoded once at the commit. */
type Touched = {
  readonly sessionId: string;
  slot: number | undefined;
  state: SessionState | undefined;
  changed: boolean;
  boundBytes: number;
};

export type DueSession = { readonly sessionId: string; readonly state: SessionState; readonly dueAt: number };

/**
 * The states of one partition's sessions in memory, with their timers. The changelog is the durable copy.
 *
 * States are kept encoded, in the form that the changelog holds. Only sessions used since the last {@link drainChanges} but one are
 * objects: a session's events come close together, so one decoding serves several of them.
 */
export class SessionStore {
  private readonly table = new SessionTable();
  private readonly timers = new TimerHeap();
  private touched = new Map<string, Touched>();
  /** Cached because a session is looked up several times in a row. */
  private last: Touched | undefined;
  /** The sessions of the previous transaction that are not completed. */
  private before: ReadonlyMap<string, Touched> = new Map();
  /** Number of sessions by phase. */
  readonly counts: Record<Phase, number> = { open: 0, 'given-up': 0, 'awaiting-recording': 0, completed: 0 };

  constructor(private readonly rules: JoinRules) {}

  /** Memory of the encoded states, in bytes. */
  get heldBytes(): number {
    return this.table.heldBytes;
  }

  /** Number of sessions that are decoded objects until the next {@link drainChanges}. */
  get decodedSessions(): number {
    return this.touched.size;
  }

  get(sessionId: string): SessionState | undefined {
    return this.touch(sessionId).state;
  }

  /** Upper bound of the encoded state's size, from {@link set} or from the table. */
  boundBytes(sessionId: string): number {
    return this.touch(sessionId).boundBytes;
  }

  /**
   * Sets a state and its timer; `undefined` forgets the session.
   * @param boundBytes upper bound of the encoded size.
   */
  set(sessionId: string, state: SessionState | undefined, boundBytes = 0): void {
    const touched = this.touch(sessionId);
    const { state: before } = touched;
    if (before !== undefined) this.counts[before.phase] -= 1;
    touched.state = state;
    touched.changed = true;
    touched.boundBytes = boundBytes;
    if (state === undefined) {
      this.forget(touched);
      return;
    }
    this.counts[state.phase] += 1;
    touched.slot ??= this.table.findOrInsert(sessionId);
    const dueAt = dueAtOf(state, this.rules);
    // Most events do not move the timer. Skipping the heap saves cache misses when there are many timers.
    if (before === undefined || dueAt !== dueAtOf(before, this.rules)) this.timers.set(touched.slot, dueAt);
  }

  /**
   * Applies a record of the changelog, without decoding its state.
   * @throws UnknownStateVersionError when a newer program wrote it.
   */
  restore({ sessionId, state }: ChangelogRecord): void {
    const known = this.table.find(sessionId);
    if (known !== undefined) this.counts[peekState(this.table.state(known)).phase] -= 1;
    if (state === null) {
      if (known === undefined) return;
      this.timers.remove(known);
      this.table.remove(known);
      return;
    }
    const basis = peekState(state);
    this.counts[basis.phase] += 1;
    const slot = known ?? this.table.findOrInsert(sessionId);
    this.table.setState(slot, state);
    this.timers.set(slot, basisDueAt(basis, this.rules));
  }

  /** Returns the encoded states of the sessions that changed since the last call, and tombstones for forgotten sessions. */
  drainChanges(): ChangelogRecord[] {
    const changes: ChangelogRecord[] = [];
    const before = new Map<string, Touched>();
    for (const touched of this.touched.values()) {
      const { sessionId, slot, state, changed } = touched;
      // A completed session rarely gets another event.
      if (state !== undefined && state.phase !== 'completed') before.set(sessionId, touched);
      if (!changed) continue;
      const encoded = state === undefined ? null : encodeState(state);
      if (encoded !== null && slot !== undefined) this.table.setState(slot, encoded);
      changes.push({ sessionId, state: encoded });
    }
    this.before = before;
    this.touched = new Map();
    this.last = undefined;
    return changes;
  }

  /** Due time of the earliest timer; `undefined` when there is none. */
  nextDueAt(): number | undefined {
    return this.timers.firstDueAt();
  }

  /** The session with the earliest timer, if that is due before `time` (exclusive). The caller fires it and sets the new state. */
  dueBefore(time: number): DueSession | undefined {
    const slot = this.timers.first();
    const dueAt = this.timers.firstDueAt();
    if (slot === undefined || dueAt === undefined || dueAt >= time) return undefined;
    const sessionId = this.table.sessionId(slot);
    const state = this.get(sessionId);
    if (state === undefined) throw new Error(`session ${sessionId} has a timer but no state`);
    return { sessionId, state, dueAt };
  }

  private touch(sessionId: string): Touched {
    if (sessionId === this.last?.sessionId) return this.last;
    let touched = this.touched.get(sessionId);
    if (touched === undefined) {
      const slot = this.table.find(sessionId);
      const encoded = slot === undefined ? undefined : this.table.state(slot);
      const state = encoded && (this.before.get(sessionId)?.state ?? decodeState(encoded));
      touched = { sessionId, slot, state, changed: false, boundBytes: encoded?.length ?? 0 };
      this.touched.set(sessionId, touched);
    }
    this.last = touched;
    return touched;
  }

  private forget(touched: Touched): void {
    if (touched.slot === undefined) return;
    this.timers.remove(touched.slot);
    this.table.remove(touched.slot);
    touched.slot = undefined;
  }
}
