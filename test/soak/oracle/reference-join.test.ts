import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { LoggedEvent } from '../../../soak/oracle/logged-event.js';
import { expectedOf } from '../../../soak/oracle/reference-join.js';
import type { JoinRules } from '../../../processor/join/rules/rules.js';
import type { SessionEventValue } from '../../../schemas/validators.js';
import {
  callEnded,
  callFinalized,
  providerFailed,
  recordingArchived,
  recordingFailed,
  recordingReady,
  sessionEnded,
  textFinalized,
} from '../../processor/join/rules/session-events.js';
import { at, minutes, RULES, SessionScript, T0 } from '../../processor/join/rules/session-script.js';

// The number of runs bounds the test. A time limit would only measure the load of the machine.
vi.setConfig({ testTimeout: 0 });

const timed = fc.record({
  minute: fc.oneof(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 400 })),
  event: fc.constantFrom<SessionEventValue[]>(
    sessionEnded(),
    sessionEnded({ timestamp: '2026-05-03T10:00:00+02:00', messagesCount: 0 }),
    callEnded(),
    callEnded({ timestamp: at(5), callStatus: 'error', projectId: 'p-2' }),
    callFinalized(),
    callFinalized({ callDuration: 0, timestamp: at(9) }),
    textFinalized({ timestamp: at(1) }),
    recordingReady(),
    recordingReady({ timestamp: '2026-05-03T08:20:60Z' }),
    providerFailed(),
    recordingArchived(),
    recordingArchived({ bytes: 7 }),
    recordingFailed(),
  ),
});

it('agrees with the join rules of the processor on any session at any time', () => {
  fc.assert(
    fc.property(fc.array(timed, { minLength: 1, maxLength: 20 }), fc.constantFrom(40, 120, 4320), (entries, kept) => {
      const rules: JoinRules = { ...RULES, retentionMs: minutes(kept) };
      const sorted = entries.toSorted((a, b) => a.minute - b.minute);
      const script = new SessionScript(rules);
      for (const { minute, event } of sorted) script.event(minute, event);
      script.until(500);
      const log = sorted.map(({ minute, event }): LoggedEvent => {
        const time = T0 + minutes(minute);
        return { event, at: time, passed: time };
      });
      const expected = expectedOf('s-1', log, rules, T0 + minutes(500));
      expect(expected.records.map(({ kind, record }) => ({ kind, record }))).toEqual(script.effects);
      expect(expected.phase).toBe(script.state?.phase ?? 'forgotten');
    }),
    { numRuns: 5_000 },
  );
});
