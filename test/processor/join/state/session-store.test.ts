import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { JoinRules } from '../../../../processor/join/rules/rules.js';
import { onEvent, onTimer } from '../../../../processor/join/rules/transition.js';
import { SessionStore } from '../../../../processor/join/state/session-store.js';
import type { SessionEventValue } from '../../../../schemas/validators.js';
import {
  callEnded,
  callFinalized,
  providerFailed,
  recordingArchived,
  recordingFailed,
  recordingReady,
  sessionEnded,
  textFinalized,
} from '../rules/session-events.js';
import { RULES, T0, minutes } from '../rules/session-script.js';

// The number of runs bounds each test. A time limit would only measure the load of the machine.
vi.setConfig({ testTimeout: 0 });

const IDS = ['s-1', 's-2', 's-3', 's-4'];
const step = fc.record({
  sessionId: fc.constantFrom(...IDS),
  make: fc.constantFrom<((more: { sessionId: string }) => SessionEventValue)[]>(
    sessionEnded,
    callEnded,
    callFinalized,
    textFinalized,
    recordingReady,
    providerFailed,
    recordingArchived,
    recordingFailed,
  ),
  passMinutes: fc.integer({ min: 0, max: 40 }),
  commits: fc.boolean(),
});

function fire(store: SessionStore, rules: JoinRules, time: number): void {
  for (let due = store.dueBefore(time); due !== undefined; due = store.dueBefore(time)) {
    store.set(due.sessionId, onTimer(due.sessionId, due.state, due.dueAt, rules).state);
  }
}

it('a replayed changelog leads to the same states, counts and timers as the live store', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const rules = { ...RULES, retentionMs: minutes(60) };
      const live = new SessionStore(rules);
      const replayed = new SessionStore(rules);
      let now = T0;
      for (const { sessionId, make, passMinutes, commits } of steps) {
        now += minutes(passMinutes);
        fire(live, rules, now);
        const before = live.get(sessionId);
        const { state } = onEvent(before, make({ sessionId }), now, rules);
        if (state !== before) live.set(sessionId, state);
        if (commits) for (const change of live.drainChanges()) replayed.restore(change);
      }
      for (const change of live.drainChanges()) replayed.restore(change);
      expect(replayed.counts).toEqual(live.counts);
      expect(replayed.nextDueAt()).toBe(live.nextDueAt());
      for (const id of IDS) expect(replayed.get(id)).toEqual(live.get(id));
      const total = Object.values(live.counts).reduce((sum, count) => sum + count, 0);
      expect(total).toBe(IDS.filter((id) => live.get(id) !== undefined).length);
    }),
    { numRuns: 1_000 },
  );
});
