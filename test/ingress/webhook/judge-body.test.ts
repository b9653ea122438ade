import { describe, expect, it } from 'vitest';
import { judgeBody } from '../../../ingress/webhook/judge-body.js';
import { CALL_ENDED, ODD_SPELLING, RECORDING_READY, SESSION_ENDED } from './sample-events.js';

const judge = (body: unknown) => judgeBody(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));

describe('a body is accepted as an event', () => {
  it.each([SESSION_ENDED, CALL_ENDED, RECORDING_READY])('$event', (event) => {
    expect(judge(event)).toEqual({ kind: 'event', event });
  });

  it('with any spelling of the JSON', () => {
    expect(judgeBody(ODD_SPELLING)).toMatchObject({ kind: 'event' });
  });

  it('with unknown fields of any depth', () => {
    const deep = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
    expect(judge(JSON.stringify({ ...SESSION_ENDED, more: '?' }).replace('"?"', deep))).toMatchObject({
      kind: 'event',
    });
  });
});

describe('a body is judged as not JSON', () => {
  it.each(['', ' ', '{', '{"a":1,}', "{'a':1}", 'undefined', 'NaN', '{"a":1}{', '\u0000', '{"a":"\n"}', '01'])(
    '%j',
    (body) => {
      expect(judge(body)).toEqual({ kind: 'not_json' });
    },
  );

  it('with a byte order mark', () => {
    expect(judge(`\uFEFF${JSON.stringify(SESSION_ENDED)}`)).toEqual({ kind: 'not_json' });
  });

  it('deeply nested and never closed', () => {
    expect(judge('['.repeat(1_000_000))).toEqual({ kind: 'not_json' });
  });
});

describe('a body is judged as not UTF-8', () => {
  it.each([
    ['a byte that never occurs', [0x22, 0xff, 0x22]],
    ['a cut sequence', [0x22, 0xe2, 0x82, 0x22]],
    ['an overlong form', [0x22, 0xc0, 0xaf, 0x22]],
    ['half a surrogate pair', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['beyond Unicode', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])('%s', (_name, bytes) => {
    expect(judgeBody(Buffer.from(bytes))).toEqual({ kind: 'not_utf8' });
  });
});

describe('a body violates the schema', () => {
  it.each(['null', '1', '"x"', '[]', '[{}]'])('if it is not an object: %s', (body) => {
    expect(judge(body)).toMatchObject({ kind: 'schema', event: undefined, sessionId: undefined });
  });

  it.each([{}, { event: 1 }, { event: null }])('if it names no event: %j', (body) => {
    expect(judge(body)).toMatchObject({ kind: 'schema', event: undefined });
  });

  it('with every fault reported and no value revealed', () => {
    const verdict = judge({ ...RECORDING_READY, success: false, timestamp: 'secret-1', projectId: ['secret-2'] });
    expect(verdict).toMatchObject({ kind: 'schema', event: 'recording.ready', sessionId: RECORDING_READY.sessionId });
    const text = JSON.stringify(verdict);
    expect(text).toContain('/recordingUrl');
    expect(text).toContain('/timestamp');
    expect(text).toContain('/projectId');
    expect(text).not.toContain('secret');
  });

  it('if inherited names replace fields', () => {
    expect(judge('{"__proto__":{"event":"session.ended"}}')).toMatchObject({ kind: 'schema', event: undefined });
    expect(judge({ ...SESSION_ENDED, event: 'constructor' })).toMatchObject({ kind: 'unknown_event' });
  });

  it.each(['session.exploded', 'recording.archived', 'SESSION.ENDED', ''])('or names an unknown event: %j', (event) => {
    expect(judge({ ...SESSION_ENDED, event })).toMatchObject({
      kind: 'unknown_event',
      event: undefined,
      sessionId: SESSION_ENDED.sessionId,
    });
  });
});

describe('the session id of a refused body', () => {
  it.each(['x', 'ü'.repeat(256), '😀'.repeat(256)])('is read if it is valid', (sessionId) => {
    expect(judge({ event: '?', sessionId })).toMatchObject({ sessionId });
  });

  it.each(['', 'x'.repeat(257), '😀'.repeat(257), 'a\nb', 'a\u0085b', '\ud800', 'x'.repeat(1_000_000), 7, null, ['x']])(
    'is ignored otherwise',
    (sessionId) => {
      expect(judge({ event: '?', sessionId })).toMatchObject({ sessionId: undefined });
    },
  );
});
