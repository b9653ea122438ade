import { describe, expect, test } from 'vitest';
import { Backlog } from '../../../bench/join/backlog.js';
import { CALL_EVENTS, eventRecord, sessionIdOf, sessionOf } from '../../../bench/join/call-sessions.js';
import { OutputCheck, isFaultless } from '../../../bench/join/output-check.js';
import { completedByTheLast, shuffledEvents } from '../../../bench/join/shuffled-events.js';
import { seededRandom } from '../../../lab/random.js';
import { onEvent } from '../../../processor/join/rules/transition.js';
import type { SessionState } from '../../../processor/join/rules/state.js';
import { validateSessionEvent } from '../../../schemas/validators.js';
import { decodeWire, encodeWire, wireHeader } from '../../../schemas/wire-format.js';

const SCHEMA_ID = 3;
const HEADER = wireHeader(SCHEMA_ID);
const RULES = { recordingGraceMs: 1, finalizeTimeoutMs: 1, retentionMs: 1, linkLifetimeMs: 1 };

/** The values of `session.complete` that the join rules give for a backlog. */
function joined(backlog: Backlog): Map<string, Buffer> {
  const states = new Map<string, SessionState>();
  const values = new Map<string, Buffer>();
  for (const event of backlog.events()) {
    const { key, value } = eventRecord(event, HEADER);
    const verdict = validateSessionEvent(JSON.parse(decodeWire(value ?? HEADER)?.json.toString() ?? ''));
    if (verdict.kind === 'invalid' || key === null) throw new Error(`invalid event: ${JSON.stringify(verdict)}`);
    const { state, effects } = onEvent(states.get(key), verdict.event, 1_000, RULES);
    if (state !== undefined) states.set(key, state);
    for (const { kind, record } of effects) {
      expect(kind).toBe('complete');
      values.set(key, encodeWire(HEADER, JSON.stringify(record)));
    }
  }
  return values;
}

const backlog = new Backlog(3_000);
const correct = joined(backlog);
const SESSION_ID = sessionIdOf(17);

function faultsWith(change: (check: OutputCheck) => void, omittedKey?: string) {
  const check = new OutputCheck(backlog, SCHEMA_ID);
  for (const [key, value] of correct) if (key !== omittedKey) check.completeRecord(key, value);
  change(check);
  return check.faults();
}

describe('the backlog of the join bench', () => {
  test('contains valid events, and expects the records that the join rules give', () => {
    expect(isFaultless(faultsWith(() => undefined))).toBe(true);
  });

  test('some sessions complete before all of their events have arrived', () => {
    const timelines = Array.from(
      { length: backlog.sessions },
      (_, n) => Object.keys(backlog.expected(n).timeline).length,
    );
    expect(new Set(timelines)).toEqual(new Set([1, 2, 3]));
  });

  test('each event occurs once, in shuffled order', () => {
    const drawn = [...shuffledEvents({ from: 5, to: 105 }, CALL_EVENTS, 10, seededRandom(1))];
    const names = drawn.map(({ session, event }) => `${String(session).padStart(3, '0')} ${event}`);
    expect(names).toHaveLength(400);
    expect(new Set(names).size).toBe(400);
    expect(names).not.toEqual([...names].sort());
  });

  test('for the latency bench, each session ends with an event that completes it, and no event is missing', () => {
    const bySession = new Map<number, string[]>();
    const shuffled = shuffledEvents({ from: 0, to: 50 }, CALL_EVENTS, 10, seededRandom(1));
    for (const { session, event } of completedByTheLast(shuffled)) {
      bySession.set(session, [...(bySession.get(session) ?? []), event]);
    }
    const events = [...bySession.values()];
    expect(events.every((of) => new Set(of).size === CALL_EVENTS.length)).toBe(true);
    expect(new Set(events.map((of) => of.at(-1)))).toEqual(new Set(['session.finalized', 'recording.archived']));
    expect(new Set(events.flatMap((of) => of.slice(0, 2)))).toEqual(new Set(['session.ended', 'call.ended']));
  });

  test('the number of a session can be read from its id', () => {
    expect([0, 17, 199_999].map((session) => sessionOf(sessionIdOf(session)))).toEqual([0, 17, 199_999]);
    expect(sessionOf('00000000-8b6e-4d31-9a57-000000000017')).toBeUndefined();
    expect(sessionOf('none')).toBeUndefined();
  });
});

describe('the output check counts', () => {
  const value = correct.get(SESSION_ID) ?? Buffer.alloc(0);

  test('a session without a record', () => {
    expect(faultsWith(() => undefined, SESSION_ID)).toMatchObject({ missing: 1, wrong: 0 });
  });

  test('a second record of a session', () => {
    expect(faultsWith((check) => check.completeRecord(SESSION_ID, value))).toMatchObject({ repeated: 1, wrong: 0 });
  });

  test.each([
    ['other content', Buffer.from(value.toString('latin1').replace('"revision":1', '"revision":2'), 'latin1')],
    ['another schema', Buffer.concat([wireHeader(SCHEMA_ID + 1), value.subarray(5)])],
    ['a value that is not in wire format', Buffer.from('{}')],
    ['invalid JSON', encodeWire(HEADER, '{')],
    ['null', encodeWire(HEADER, 'null')],
    ['a tombstone', null],
  ])('a record with %s', (_, wrong) => {
    expect(faultsWith((check) => check.completeRecord(SESSION_ID, wrong), SESSION_ID)).toMatchObject({
      wrong: 1,
      missing: 0,
      repeated: 0,
    });
  });

  test('a session that was never sent, and a record in a topic that must stay empty', () => {
    expect(faultsWith((check) => check.completeRecord('other', value))).toMatchObject({ wrong: 1 });
    expect(faultsWith((check) => check.unexpectedRecord())).toMatchObject({ unexpected: 1 });
  });
});
