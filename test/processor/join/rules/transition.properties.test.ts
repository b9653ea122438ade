import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { schemas } from '../../../../schemas/generated/schemas.js';
import type { SessionEventValue } from '../../../../schemas/validators.js';
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

// The number of runs bounds each test. A time limit would only measure the load of the machine.
vi.setConfig({ testTimeout: 0 });

/** Sessions without contradictions, with the outcome that they must end in. */
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
        .array(fc.integer({ min: 0, max: 14 }), { minLength: 16, maxLength: 16 })
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

/** Events that may contradict each other, at any time over six days. */
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

it('join rule 4: any order and any redelivery lead to one record, equal except for events not seen before completion', () => {
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

/** Contradicting events of one session, with at most one `session.finalized`, since the first in the log counts. */
const contradicting = fc.record({
  finalized: fc.constantFrom(undefined, textFinalized(), callFinalized({ callDuration: 0 }), callFinalized()),
  others: fc.uniqueArray(
    fc.constantFrom<SessionEventValue[]>(
      sessionEnded(),
      sessionEnded({ messagesCount: 9 }),
      sessionEnded({ timestamp: '2026-05-03T10:00:00.000+02:00', extractedVariables: {} }),
      callEnded(),
      callEnded({ projectId: 'p-2', callStatus: 'busy' }),
      callEnded({ timestamp: '2026-05-03T07:00:00.000Z', callDuration: 0 }),
      recordingReady(),
      recordingReady({ timestamp: '2026-05-03T08:05:00.000Z', recordingUrl: 'https://recordings.example/fresh' }),
      providerFailed(),
      providerFailed({ projectId: 'p-0' }),
      recordingFailed(),
      recordingArchived(),
    ),
    { minLength: 1, maxLength: 8 },
  ),
});

/** The expected outcome of the session, independent of the order. */
function endsAs(finalized: SessionEventValue | undefined, others: readonly SessionEventValue[]): string | undefined {
  const failed = others.some((event) => event.event === 'recording.ready' && !event.success);
  const isCall = finalized?.event === 'session.finalized' && finalized.callStatus !== undefined;
  const archived = others.some(({ event }) => event === 'recording.archived') && 'archived';
  const archiveFailed = others.some(({ event }) => event === 'recording.failed') && 'archive_failed';
  if (finalized === undefined) return archived || archiveFailed || (failed ? 'provider_failed' : undefined);
  if (!isCall) return 'not_expected';
  if (finalized.callDuration === 0) return archived || archiveFailed || 'not_expected';
  return archived || archiveFailed || (failed ? 'provider_failed' : 'not_received');
}

it('join rule 4: contradicting events lead to the same last record in any order, except for times, revision and later events', () => {
  const cases = contradicting.chain(({ finalized, others }) => {
    const events = finalized === undefined ? others : [finalized, ...others];
    return fc.record({
      finalized: fc.constant(finalized),
      others: fc.constant(others),
      one: schedule(events),
      other: schedule(events),
    });
  });
  fc.assert(
    fc.property(cases, ({ finalized, others, one, other }) => {
      const lasts = [play(one).until(100), play(other).until(100)].map(({ effects, kinds }) => {
        expect(kinds.filter((kind) => kind === 'complete')).toHaveLength(finalized === undefined ? 0 : 1);
        expect(kinds.filter((kind) => kind === 'incomplete')).toHaveLength(finalized === undefined ? 1 : 0);
        const record = effects.at(-1)?.record;
        expect(record?.recording?.outcome).toBe(endsAs(finalized, others));
        const times = { completedAt: '', firstEventAt: '', incompleteAt: '', revision: 0 };
        // An incomplete record is written after all events, so its timeline is the same, too.
        return { ...record, ...times, ...(finalized && { timeline: {} }) };
      });
      expect(lasts[0]).toEqual(lasts[1]);
    }),
    { numRuns: 3_000 },
  );
});

describe('for any events', () => {
  it('revisions count up from one, and one life has one complete and at most one incomplete record', () => {
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

  it('every record conforms to its schema', () => {
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
