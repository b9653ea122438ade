import { describe, expect, it } from 'vitest';
import { SessionScript, at } from './session-script.js';
import {
  ARCHIVED,
  callEnded,
  callFinalized,
  providerFailed,
  recordingArchived,
  recordingFailed,
  recordingReady,
  sessionEnded,
  textFinalized,
} from './session-events.js';

const given = (): SessionScript => new SessionScript();

describe('join rule 1: a text session', () => {
  it('completes at session.finalized, with no recording expected', () => {
    const script = given().event(0, sessionEnded()).event(2, textFinalized());
    expect(script.effects).toEqual([
      {
        kind: 'complete',
        record: {
          sessionId: 's-1',
          projectId: 'p-1',
          revision: 1,
          channel: 'text',
          completedAt: at(2),
          currentNodeId: 'ask_intention',
          messagesCount: 8,
          extractedVariables: { name: 'Nancy' },
          recording: { outcome: 'not_expected' },
          timeline: { sessionEnded: at(0), sessionFinalized: at(2) },
        },
      },
    ]);
  });

  it.each<[string, Parameters<typeof textFinalized>[0]]>([
    ['both call fields', { callStatus: null, callDuration: null }],
    ['the status', { callStatus: null }],
    ['the duration', { callDuration: null }],
  ])('may have null for %s, which counts as absent', (_what, fields) => {
    const script = given().event(2, textFinalized(fields)).event(3, recordingReady());
    expect(script.effects).toEqual(given().event(2, textFinalized()).effects);
  });

  it('is never amended', () => {
    const script = given().event(2, textFinalized()).event(3, recordingReady()).event(4, recordingArchived());
    expect(script.kinds).toEqual(['complete']);
  });
});

describe('join rule 2: a call without audio', () => {
  it('completes at once', () => {
    const script = given().event(2, callFinalized({ callStatus: 'busy', callDuration: 0 }));
    expect(script.effects[0]?.record).toMatchObject({
      channel: 'call',
      call: { status: 'busy', durationSeconds: 0 },
      recording: { outcome: 'not_expected' },
    });
  });

  it('leads to the same two records whether an unexpected recording comes before or after', () => {
    const finalized = callFinalized({ callDuration: 0 });
    const after = given().event(1, recordingReady()).event(2, finalized).event(4, recordingArchived());
    const before = given().event(0, recordingReady()).event(1, recordingArchived()).event(2, finalized);
    expect(before.effects).toEqual(after.effects);
    expect(before.kinds).toEqual(['complete', 'amended']);
  });

  it('is not amended when the provider also reports that there is no recording', () => {
    const finalized = callFinalized({ callDuration: 0 });
    expect(given().event(2, finalized).event(3, providerFailed()).kinds).toEqual(['complete']);
    expect(given().event(1, providerFailed()).event(2, finalized).kinds).toEqual(['complete']);
  });
});

describe('join rule 3: any other call waits for its recording', () => {
  it.each(['abducted', ''])('whatever its status, which the record copies: %j', (callStatus) => {
    const script = given().event(2, callFinalized({ callStatus })).event(4, recordingArchived());
    expect(script.effects[0]?.record).toMatchObject({ channel: 'call', call: { status: callStatus } });
  });

  it('completes with it, whether it settles before or after session.finalized', () => {
    const scripts = [
      given().event(2, callFinalized()).event(3, recordingReady()).event(4, recordingArchived()),
      given().event(1, recordingReady()).event(2, recordingArchived()).event(4, callFinalized()),
    ];
    for (const script of scripts) {
      expect(script.kinds).toEqual(['complete']);
      expect(script.effects[0]?.record).toMatchObject({ completedAt: at(4), recording: ARCHIVED });
    }
  });

  it('completes as provider_failed when the provider has no recording', () => {
    expect(given().event(2, callFinalized()).event(3, providerFailed()).effects[0]?.record.recording).toEqual({
      outcome: 'provider_failed',
    });
  });

  it('completes as archive_failed, with the reason, when the archiver gave up', () => {
    const script = given().event(2, callFinalized()).event(3, recordingReady()).event(9, recordingFailed());
    expect(script.effects[0]?.record.recording).toEqual({ outcome: 'archive_failed', reason: 'expired' });
  });

  it('waits no longer than the grace after session.finalized', () => {
    const script = given().event(2, callFinalized());
    expect(script.until(17).kinds).toEqual([]);
    script.until(17.001);
    expect(script.effects[0]?.record).toMatchObject({ completedAt: at(17), recording: { outcome: 'not_received' } });
  });

  it('waits beyond the grace while a link has not expired', () => {
    const script = given().event(2, callFinalized()).event(16, recordingReady());
    expect(script.until(31).kinds).toEqual([]);
    script.until(31.001);
    expect(script.effects[0]?.record).toMatchObject({ completedAt: at(31), recording: { outcome: 'not_received' } });
  });

  it('uses a recording that settles at the very end of the grace', () => {
    const script = given().event(2, callFinalized()).event(17, recordingArchived());
    expect(script.effects[0]?.record.recording).toEqual(ARCHIVED);
  });
});

describe('join rule 5: a recording that settles after completion', () => {
  const notReceived = (): SessionScript => given().event(2, callFinalized()).until(20);

  it('leads to one amended record with the next revision and the same completedAt', () => {
    const script = notReceived()
      .event(21, recordingReady({ timestamp: at(21) }))
      .event(22, recordingArchived());
    expect(script.kinds).toEqual(['complete', 'amended']);
    expect(script.effects[1]?.record).toMatchObject({
      revision: 2,
      completedAt: at(17),
      recording: ARCHIVED,
      timeline: { sessionFinalized: at(2), recordingReady: at(21) },
    });
  });

  it('leads to no record when the outcome stays', () => {
    const script = given().event(2, callFinalized()).event(3, recordingArchived());
    script
      .event(5, recordingArchived({ timestamp: at(5) }))
      .event(6, recordingFailed())
      .event(7, providerFailed());
    expect(script.kinds).toEqual(['complete']);
  });

  it('counts revisions up while the outcome rises', () => {
    const script = notReceived()
      .event(21, providerFailed())
      .event(22, recordingFailed())
      .event(23, recordingArchived());
    expect(
      script.effects.map(({ record }) => [record.recording?.outcome, 'revision' in record && record.revision]),
    ).toEqual([
      ['not_received', 1],
      ['provider_failed', 2],
      ['archive_failed', 3],
      ['archived', 4],
    ]);
  });
});

describe('join rule 6: a session that is not finalized in time', () => {
  it('is reported as incomplete once, with everything known', () => {
    const script = given().event(0, sessionEnded()).event(1, callEnded()).event(3, providerFailed()).until(60);
    expect(script.kinds).toEqual([]);
    script.until(500);
    expect(script.effects).toEqual([
      {
        kind: 'incomplete',
        record: {
          sessionId: 's-1',
          projectId: 'p-1',
          firstEventAt: at(0),
          incompleteAt: at(60),
          currentNodeId: 'ask_intention',
          messagesCount: 8,
          extractedVariables: { name: 'Nancy' },
          call: { status: 'userHangup', durationSeconds: 61.5 },
          recording: { outcome: 'provider_failed' },
          timeline: { sessionEnded: at(0), callEnded: at(1), recordingReady: at(3) },
        },
      },
    ]);
  });

  it('has the project of its recording until a call.ended sets it', () => {
    const project = (...events: Parameters<ReturnType<typeof given>['event']>[1][]): unknown => {
      const script = given();
      for (const [i, event] of events.entries()) script.event(i, event);
      return script.until(500).effects[0]?.record.projectId;
    };
    const ready = recordingReady({ projectId: 'p-2' });
    expect(project(sessionEnded())).toBeUndefined();
    expect(project(sessionEnded(), ready)).toBe('p-2');
    expect(project(ready, callEnded())).toBe('p-1');
    expect(project(callEnded(), ready)).toBe('p-1');
    expect(project(ready, recordingReady({ projectId: 'p-0' }))).toBe('p-0');
    expect(project(recordingReady({ projectId: 'p-0' }), ready)).toBe('p-0');
  });

  it('still completes when session.finalized comes later', () => {
    const script = given().event(0, sessionEnded()).event(90, textFinalized());
    expect(script.kinds).toEqual(['incomplete', 'complete']);
    expect(script.effects[1]?.record.timeline).toEqual({ sessionEnded: at(0), sessionFinalized: at(2) });
  });
});

describe('join rule 8: a session', () => {
  const days = 24 * 60;

  it('ignores redeliveries during the retention after completion', () => {
    const script = given()
      .event(2, textFinalized())
      .event(3 * days, textFinalized())
      .event(3 * days, sessionEnded());
    expect(script.kinds).toEqual(['complete']);
  });

  it('is forgotten after the retention, also when it was given up', () => {
    expect(
      given()
        .event(2, textFinalized())
        .until(3 * days + 2.001).state,
    ).toBeUndefined();
    expect(
      given()
        .event(0, sessionEnded())
        .until(3 * days + 60.001).state,
    ).toBeUndefined();
  });
});

describe('join rule 4: contradictions', () => {
  it('the session.ended with the earliest timestamp counts, in any order', () => {
    const early = sessionEnded({ timestamp: at(-2), messagesCount: 3 });
    const late = sessionEnded({ timestamp: at(-1), messagesCount: 4 });
    for (const [first, second] of [
      [early, late],
      [late, early],
    ] as const) {
      const script = given().event(0, first).event(1, second).until(100);
      expect(script.effects[0]?.record).toMatchObject({ messagesCount: 3, timeline: { sessionEnded: at(-2) } });
    }
  });

  it('a second session.finalized changes nothing', () => {
    const script = given()
      .event(2, callFinalized())
      .event(3, callFinalized({ messagesCount: 99, callDuration: 0 }));
    script.event(4, recordingArchived());
    expect(script.kinds).toEqual(['complete']);
    expect(script.effects[0]?.record).toMatchObject({ messagesCount: 8, call: { durationSeconds: 61.5 } });
  });

  it('a fresh link after a failure ends as archived', () => {
    const script = given().event(2, callFinalized()).event(3, providerFailed());
    script.event(5, recordingReady({ timestamp: at(5) })).event(6, recordingArchived());
    expect(script.kinds).toEqual(['complete', 'amended']);
    expect(script.effects[1]?.record.recording).toEqual(ARCHIVED);
  });

  it('of session.ended events with equal timestamps, the content that comes first as text counts, in any order', () => {
    const some = sessionEnded({ messagesCount: 3 });
    const more = sessionEnded({ messagesCount: 4 });
    for (const [first, second] of [
      [some, more],
      [more, some],
    ] as const) {
      const script = given().event(0, first).event(1, second).event(2, first).until(100);
      expect(script.effects[0]?.record).toMatchObject({ messagesCount: 3 });
    }
  });

  it('the same holds for call.ended', () => {
    for (const order of [
      ['busy', 'transferred'],
      ['transferred', 'busy'],
    ] as const) {
      const script = given();
      for (const callStatus of order) script.event(1, callEnded({ callStatus, callDuration: 0 }));
      expect(script.until(100).effects[0]?.record).toMatchObject({ call: { status: 'busy' } });
    }
  });

  it('with a second link, the session waits until the later one expires', () => {
    const script = given().event(0, recordingReady()).event(2, callFinalized());
    script.event(14, recordingReady({ timestamp: at(14) }));
    expect(script.until(29).kinds).toEqual([]);
    expect(script.until(29.001).effects[0]?.record).toMatchObject({ recording: { outcome: 'not_received' } });
  });

  it('a failure completes the session at once, and the success of a fresh link amends it', () => {
    const script = given().event(0, recordingReady()).event(2, callFinalized()).event(3, recordingReady());
    script.event(4, recordingFailed()).event(6, recordingArchived());
    expect(script.effects.map(({ kind, record }) => [kind, record.recording?.outcome])).toEqual([
      ['complete', 'archive_failed'],
      ['amended', 'archived'],
    ]);
  });

  it('archived audio counts while a newer link is being archived, and stays', () => {
    const script = given().event(0, recordingReady()).event(2, callFinalized()).event(3, recordingReady());
    script
      .event(4, recordingArchived())
      .event(8, recordingFailed())
      .event(9, recordingArchived({ bytes: 1 }));
    expect(script.kinds).toEqual(['complete']);
    expect(script.effects[0]?.record.recording).toEqual(ARCHIVED);
  });

  it('of failure and success before session.finalized, the success counts', () => {
    for (const [first, second] of [
      [recordingFailed(), recordingArchived()],
      [recordingArchived(), recordingFailed()],
    ] as const) {
      const script = given().event(0, first).event(1, second).event(2, callFinalized());
      expect(script.effects.map(({ record }) => record.recording)).toEqual([ARCHIVED]);
    }
  });

  it('a given-up session waits for its recording like any other once it is finalized', () => {
    const script = given().event(0, callEnded()).event(90, callFinalized());
    expect(script.until(105).kinds).toEqual(['incomplete']);
    script.event(105, recordingArchived()).event(106, recordingFailed());
    expect(script.effects.map(({ kind, record }) => [kind, record.recording?.outcome])).toEqual([
      ['incomplete', undefined],
      ['complete', 'archived'],
    ]);
  });

  it('a redelivery after the retention starts a new life of the session', () => {
    const script = given().event(2, textFinalized());
    const later = 3 * 24 * 60 + 10;
    expect(script.event(later, sessionEnded()).until(later + 61).kinds).toEqual(['complete', 'incomplete']);
  });
});
