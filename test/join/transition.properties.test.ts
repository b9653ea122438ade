import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schemas } from '../../schemas/generated/schemas.js';
import type { SessionEventValue } from '../../schemas/validators.js';
import { SessionScript } from './session-script.js';
import {
  callEnded,
  callFinalized,
  providerFailed,
  recordingArchived,
  recordingFailed,
  recordingReady,
  sessionEnded,
  textFinalized,
} from './session-events.js';

/** Sessions as the sender and the archiver tell them, free of contradictions, with the outcome that they must end in. */
const consistent: readonly { readonly outcome: string; readonly events: readonly SessionEventValue[] }[] = [
  { outcome: 'not_expected', events: [sessionEnded(), textFinalized()] },
  {
    outcome: 'not_expected',
    events: [sessionEnded(), callEnded({ callDuration: 0 }), callFinalized({ callDuration: 0 })],
  },
  {
    outcome: 'archived',
    events: [sessionEnded(), callEnded(), callFinalized(), recordingReady(), recordingArchived()],
  },
  {
    outcome: 'archive_failed',
    events: [sessionEnded(), callEnded(), callFinalized(), recordingReady(), recordingFailed()],
  },
  { outcome: 'provider_failed', events: [sessionEnded(), callEnded(), callFinalized(), providerFailed()] },
  { outcome: 'not_received', events: [sessionEnded(), callEnded(), callFinalized()] },
];

/** Every event at least once, in any order, at any minute within the grace. */
const schedule = (events: readonly SessionEventValue[]) =>
  fc.array(fc.constantFrom(...events), { maxLength: 6 }).chain((again) =>
    fc.record({
      order: fc.shuffledSubarray([...events, ...again], { minLength: events.length + again.length }),
      minutes: fc
        .array(fc.integer({ min: 0, max: 14 }), { minLength: 12, maxLength: 12 })
        .map((m) => m.sort((a, b) => a - b)),
    }),
  );

const twoSchedules = fc
  .constantFrom(...consistent)
  .chain(({ outcome, events }) =>
    fc.record({ outcome: fc.constant(outcome), one: schedule(events), other: schedule(events) }),
  );

function play({
  order,
  minutes,
}: {
  readonly order: readonly SessionEventValue[];
  readonly minutes: readonly number[];
}): SessionScript {
  const script = new SessionScript();
  order.forEach((event, i) => script.event(minutes[i] ?? 14, event));
  return script.until(61);
}

/** Everything that can contradict, at any time over six days. */
const anything = fc.array(
  fc.record({
    minute: fc.oneof(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 6 * 24 * 60 })),
    event: fc.constantFrom<SessionEventValue[]>(
      sessionEnded(),
      sessionEnded({ timestamp: '2026-05-03T10:00:00+02:00', messagesCount: 0 }),
      callEnded(),
      callFinalized(),
      callFinalized({ callDuration: 0 }),
      textFinalized(),
      recordingReady(),
      recordingReady({ timestamp: '2026-05-03T08:20:60Z' }),
      providerFailed(),
      recordingArchived(),
      recordingFailed(),
    ),
  }),
  { minLength: 1, maxLength: 25 },
);

const ajv = new Ajv();
const isComplete = ajv.compile(schemas['session-complete']);
const isIncomplete = ajv.compile(schemas['session-incomplete']);

it('any order and any redelivery give one record, the same but for what had not been seen when it completed', () => {
  fc.assert(
    fc.property(twoSchedules, ({ outcome, one, other }) => {
      const scripts = [play(one), play(other)];
      for (const { kinds } of scripts) expect(kinds).toEqual(['complete']);
      const [a, b] = scripts.map(({ effects }) => ({ ...effects[0]?.record, completedAt: '', timeline: {} }));
      expect(a).toEqual(b);
      expect(a).toHaveProperty('recording.outcome', outcome);
    }),
    { numRuns: 3_000 },
  );
});

describe('whatever comes', () => {
  it('revisions count up from one, outcomes only climb, one life has one complete and at most one incomplete', () => {
    fc.assert(
      fc.property(anything, (entries) => {
        const script = new SessionScript();
        let lives = 0;
        let revision = 0;
        let incompletes = 0;
        for (const { minute, event } of entries.sort((a, b) => a.minute - b.minute)) {
          const seen = script.effects.length;
          script.until(minute);
          check(seen);
          if (script.state === undefined) {
            lives += 1;
            revision = 0;
            incompletes = 0;
          }
          const before = script.effects.length;
          script.event(minute, event);
          check(before);
        }
        expect(lives).toBeGreaterThan(0);

        function check(from: number): void {
          for (const effect of script.effects.slice(from)) {
            if (effect.kind === 'incomplete') expect((incompletes += 1)).toBe(1);
            else expect(effect.record.revision).toBe((revision += 1));
            expect(effect.kind === 'complete').toBe(effect.kind !== 'incomplete' && revision === 1);
          }
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('every record fits its schema', () => {
    fc.assert(
      fc.property(anything, (entries) => {
        const script = new SessionScript();
        for (const { minute, event } of entries.sort((a, b) => a.minute - b.minute)) script.event(minute, event);
        for (const { kind, record } of script.until(20_000).effects) {
          const validate = kind === 'incomplete' ? isIncomplete : isComplete;
          expect(validate(record), JSON.stringify(validate.errors)).toBe(true);
        }
        expect(script.state).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });
});
