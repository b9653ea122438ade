import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionState } from '../../../../processor/join/rules/state.js';
import {
  decodeState,
  encodeState,
  peekState,
  UnknownStateVersionError,
} from '../../../../processor/join/rules/state-codec.js';
import { timerBasis } from '../../../../processor/join/rules/timers.js';
import { T0, at } from './session-script.js';
import { ARCHIVED } from './session-events.js';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const millis = fc.integer({ min: 1, max: 2 ** 45 });
const variables = fc.dictionary(
  text.filter((key) => key !== '__proto__'),
  fc.jsonValue({ stringUnit: 'binary' }).map((v) => JSON.parse(JSON.stringify(v)) as unknown),
);
const optional = <T>(key: string, arbitrary: fc.Arbitrary<T>) =>
  fc.option(arbitrary, { nil: undefined }).map((value) => (value === undefined ? {} : { [key]: value }));
const all = (...parts: fc.Arbitrary<object>[]): fc.Arbitrary<SessionState> =>
  fc.tuple(...parts).map((objects) => Object.assign({}, ...objects) as SessionState);

const gathered = [
  fc
    .tuple(...['sessionEnded', 'callEnded', 'sessionFinalized', 'recordingReady'].map((name) => optional(name, text)))
    .map((fields) => ({ timeline: Object.assign({}, ...fields) as object })),
  optional(
    'recording',
    fc.constantFrom(ARCHIVED, { outcome: 'provider_failed' }, { outcome: 'archive_failed', reason: 'expired' }),
  ),
  optional('linkDiesAt', millis),
];
const fragments = [
  optional('projectId', text),
  optional('ended', fc.record({ currentNodeId: text, messagesCount: fc.nat(), extractedVariables: variables })),
  optional('call', fc.record({ status: text, durationSeconds: fc.nat() })),
];
const state = fc.oneof(
  all(fc.constant({ phase: 'open' }), fc.record({ firstEventAt: millis }), ...gathered, ...fragments),
  all(fc.constant({ phase: 'given-up' }), fc.record({ givenUpAt: millis }), ...gathered, ...fragments),
  all(
    fc.constant({ phase: 'awaiting-recording' }),
    fc.record({ finalizedAt: millis }),
    ...gathered,
    fc
      .tuple(
        fc.record({ projectId: text, currentNodeId: text, messagesCount: fc.nat(), extractedVariables: variables }),
        fc.option(
          fc.record({ callStatus: text, callDuration: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }) }),
        ),
      )
      .map(([finalized, call]) => ({ finalized: { ...finalized, ...call } })),
  ),
  all(fc.constant({ phase: 'completed' }), fc.record({ completedAt: millis })),
);

describe('the form of a state', () => {
  it('decodes to the state itself, with the timer to be read from its head', () => {
    fc.assert(
      fc.property(state, (given) => {
        const encoded = encodeState(given);
        expect(decodeState(encoded)).toEqual(given);
        expect(peekState(encoded)).toEqual(timerBasis(given));
        expect(encodeState(decodeState(encoded)).equals(encoded)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of a session that is only remembered is ten bytes', () => {
    expect(encodeState({ phase: 'completed', completedAt: T0 })).toHaveLength(10);
  });

  it('of version 1 is read', () => {
    const awaiting = {
      phase: 'awaiting-recording',
      timeline: { sessionFinalized: at(1) },
      finalized: { projectId: 'p', currentNodeId: 'n', messagesCount: 1, extractedVariables: {} },
      finalizedAt: T0,
    };
    const bytes = Buffer.from(JSON.stringify([1, { ...awaiting, firstEventAt: T0 }]));
    expect(decodeState(bytes)).toEqual(awaiting);
    expect(peekState(bytes)).toEqual({ phase: 'awaiting-recording', since: T0 });
  });

  it.each([
    ['a later version', Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['a later version in JSON', Buffer.from('[7,{}]')],
    ['a phase that is not known', Buffer.from([2, 9, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['nothing', Buffer.alloc(0)],
  ])('of %s is refused', (_what, bytes) => {
    expect(() => peekState(bytes)).toThrow(UnknownStateVersionError);
    expect(() => decodeState(bytes)).toThrow(UnknownStateVersionError);
  });
});
