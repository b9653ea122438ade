import { describe, expect, it } from 'vitest';
import { checkHistory } from '../../../soak/oracle/check-history.js';
import { placeOf, type History, type OutputRead, type ViolationKind } from '../../../soak/oracle/history.js';
import { expectedOf } from '../../../soak/oracle/reference-join.js';
import type { SessionEventValue } from '../../../schemas/validators.js';
import {
  callFinalized,
  recordingArchived,
  recordingFailed,
  sessionEnded,
  textFinalized,
} from '../../processor/join/rules/session-events.js';
import { minutes, RULES, T0 } from '../../processor/join/rules/session-script.js';

const events: readonly (SessionEventValue | undefined)[] = [
  textFinalized({ sessionId: 'text' }),
  callFinalized({ sessionId: 'call' }),
  undefined,
  sessionEnded({ sessionId: 'open' }),
  recordingFailed({ sessionId: 'call' }),
  recordingArchived({ sessionId: 'call' }),
  sessionEnded({ sessionId: 'late' }),
  callFinalized({ sessionId: 'twice' }),
];

/** An hour later. */
const later: readonly SessionEventValue[] = [
  textFinalized({ sessionId: 'late' }),
  recordingFailed({ sessionId: 'twice' }),
  recordingArchived({ sessionId: 'twice' }),
];

/** The history of an exact join of the events above. */
function goodHistory(): History {
  const log = [...events, ...later].map((event, offset) => {
    const timestamp = T0 + (offset < events.length ? offset : minutes(61) + offset);
    return { id: `e-${offset}`, partition: 0, offset, timestamp, event };
  });
  const until = T0 + minutes(90);
  const outputs: OutputRead[] = [];
  const phases = new Map<string, string>();
  for (const sessionId of ['text', 'call', 'open', 'late', 'twice']) {
    const entries = log.flatMap(({ event, timestamp }) =>
      event?.sessionId === sessionId ? [{ event, at: timestamp, passed: timestamp }] : [],
    );
    const { records, phase } = expectedOf(sessionId, entries, RULES, until);
    phases.set(sessionId, phase);
    for (const record of records) {
      const offset = outputs.length;
      outputs.push({ ...record, sessionId, partition: 0, offset, timestamp: T0 + offset });
    }
  }
  return {
    log,
    outputs,
    phases,
    until,
    rules: RULES,
    sent: log.map(({ id, event }) => ({ id, sessionId: event?.sessionId ?? '', isAcknowledged: true })),
    deadLetters: [{ partition: 0, sourceOffset: 2 }],
    seenByOther: new Set(outputs.map(placeOf)),
  };
}

const good = goodHistory();
const without = (id: string) => good.outputs.filter((output) => output.id !== id);
const changed = (id: string, change: Partial<OutputRead>) =>
  good.outputs.map((output) => (output.id === id ? { ...output, ...change } : output));
const output = (id: string): OutputRead => {
  const found = good.outputs.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
};
const seen = (outputs: readonly OutputRead[]) => ({ outputs, seenByOther: new Set(outputs.map(placeOf)) });

it('a correct history has no violations, and is not empty', () => {
  expect(good.outputs.map(({ id }) => id)).toEqual([
    ...['text:complete:1', 'call:complete:1', 'call:amended:2', 'open:incomplete:1', 'late:incomplete:1'],
    ...['late:complete:1', 'twice:complete:1', 'twice:amended:2', 'twice:amended:3'],
  ]);
  expect(checkHistory(good)).toEqual([]);
});

describe('finds in a history:', () => {
  const again = { ...output('text:complete:1'), offset: 99 };
  const phantom = { ...again, id: 'nobody:complete:1', sessionId: 'nobody' };
  const early = { ...output('open:incomplete:1'), id: 'text:incomplete:1', sessionId: 'text', offset: 99 };
  const halfRecord = { ...output('call:complete:1').record, timeline: {} };
  const planted: readonly [ViolationKind, string, string, Partial<History>][] = [
    [
      'lost',
      'an acknowledged event that is missing',
      'text',
      { log: good.log.slice(1), ...seen(without('text:complete:1')), phases: new Map([...good.phases].slice(1)) },
    ],
    ['lost', 'a missing complete record', 'text', seen(without('text:complete:1'))],
    ['lost', 'a missing amended record', 'call', seen(without('call:amended:2'))],
    ['lost', 'a missing incomplete record', 'open', seen(without('open:incomplete:1'))],
    ['lost', 'a missing dead letter', '', { deadLetters: [] }],
    ['duplicate', 'a second complete record', 'text', seen([...good.outputs, again])],
    ['duplicate', 'a second dead letter', '', { deadLetters: [...good.deadLetters, ...good.deadLetters] }],
    ['torn', 'a record with a missing part', 'call', seen(changed('call:complete:1', { record: halfRecord }))],
    ['torn', 'a state that contradicts the events', 'call', { phases: new Map([...good.phases, ['call', 'open']]) }],
    [
      'reordered',
      'a complete record before the incomplete one',
      'late',
      seen(changed('late:incomplete:1', { timestamp: T0 + 5_000 })),
    ],
    ['reordered', 'a revision before the previous one', 'twice', seen(changed('twice:amended:2', { offset: 99 }))],
    [
      'aborted',
      'a record that only the other reader saw',
      '',
      { seenByOther: new Set([...good.outputs.map(placeOf), 'complete/0/77']) },
    ],
    [
      'aborted',
      'a record that the other reader did not see',
      'text',
      { seenByOther: new Set(without('text:complete:1').map(placeOf)) },
    ],
    ['phantom', 'a session that was never sent', 'nobody', seen([...good.outputs, phantom])],
    ['phantom', 'an incomplete record of a session finalized in time', 'text', seen([...good.outputs, early])],
    ['phantom', 'an event that was never sent', 'text', { sent: good.sent.slice(1) }],
    [
      'phantom',
      'a dead letter of a record that can be joined',
      '',
      { deadLetters: [...good.deadLetters, { partition: 0, sourceOffset: 1 }] },
    ],
  ];

  it.each(planted)('%s: %s', (kind, _what, sessionId, change) => {
    const violations = checkHistory({ ...good, ...change });
    expect(violations.map((violation) => [violation.kind, violation.sessionId])).toEqual([[kind, sessionId]]);
  });
});
