import { Ajv } from 'ajv';
import { describe, expect, it, vi } from 'vitest';
import { schemas } from '../../schemas/generated/schemas.js';
import { isDocumentedCallStatus, validateSenderEvent, type SchemaFault } from '../../schemas/validators.js';
import { registeredForm } from '../../schemas/registered-form.js';
import { subjects, topicNames } from '../../schemas/topics.js';
import {
  callEnded,
  callFinalized,
  providerFailed,
  recordingReady,
  sessionEnded,
  textFinalized,
} from '../processor/join/rules/session-events.js';

const faults = (event: object): readonly SchemaFault[] => {
  const verdict = validateSenderEvent(event);
  return verdict.kind === 'invalid' ? verdict.faults : [];
};

const without = (event: object, field: string): object =>
  Object.fromEntries(Object.entries(event).filter(([key]) => key !== field));

describe('the registered schemas', () => {
  it.each(Object.values(subjects(topicNames(''))))(
    '$name compiles in a plain strict Ajv without warnings',
    ({ schema }) => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
      expect(new Ajv().compile(schema)).toBeTypeOf('function');
      expect(warn).not.toHaveBeenCalled();
      warn.mockRestore();
    },
  );

  it('session-event accepts every kind of event', () => {
    const validate = new Ajv().compile(schemas['session-event']);
    for (const event of [
      sessionEnded(),
      callEnded(),
      callFinalized(),
      textFinalized(),
      recordingReady(),
      providerFailed(),
    ]) {
      expect(validate(event), JSON.stringify(validate.errors)).toBe(true);
    }
  });
});

describe('the schemas', () => {
  const patterns = [
    ...new Set([...JSON.stringify(schemas).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(([, text]) => text)),
  ].map((text) => JSON.parse(text ?? '') as string);

  it.each(patterns)('use patterns that RE2, Rust, Java and Python read as JavaScript does: %s', (pattern) => {
    expect(pattern).not.toMatch(/\\u|\\p|\(\?|\\[1-9]|[\ud800-\udfff]/);
  });
});

describe('the registered form of a schema', () => {
  const compile = (schema: object) => new Ajv().compile(schema);

  it.each([
    { ...textFinalized(), callStatus: null },
    { ...providerFailed(), recordingUrl: null },
    callFinalized(),
    recordingReady(),
    { ...sessionEnded(), reason: 7 },
  ])('accepts what the schema accepts: $event', (event) => {
    expect(compile(subjects(topicNames('')).events.schema)(event)).toBe(true);
  });

  it('keeps required fields, types and fields of any name', () => {
    const schema = {
      type: 'object',
      properties: {
        pattern: { type: 'string', pattern: '^a$' },
        dependencies: { type: ['string', 'null'] },
        plain: { type: 'integer', minimum: 0 },
      },
      required: ['pattern'],
      dependencies: { plain: ['pattern'] },
    };
    expect(registeredForm(schema)).toEqual({
      type: 'object',
      properties: { pattern: { type: 'string' }, dependencies: true, plain: { type: 'integer', minimum: 0 } },
      required: ['pattern'],
    });
  });
});

describe("the sender's events", () => {
  it("accepts the vendor's real example", () => {
    const example =
      '{"event":"session.ended","sessionId":"2c4f9a13-8b6e-4d31-9a57-1f0f0c2b7e11","timestamp":"2026-05-03T08:42:11.512Z","currentNodeId":"ask_intention","messagesCount":8,"extractedVariables":{"name":"Nancy","intention":"book a demo"},"reason":"session_ended"}';
    expect(faults(JSON.parse(example) as object)).toEqual([]);
  });

  it.each([sessionEnded(), callEnded(), callFinalized(), textFinalized(), recordingReady(), providerFailed()])(
    'accepts $event with fields that are not in the schema',
    (event) => expect(faults({ ...event, addedLater: { by: ['the vendor'] } })).toEqual([]),
  );

  it.each([
    ['recordingUrl missing on success', without(recordingReady(), 'recordingUrl'), '/recordingUrl', 'is required'],
    ['recordingUrl present on failure', { ...recordingReady(), success: false }, '/recordingUrl', 'must be absent'],
    ['recordingUrl null on success', { ...recordingReady(), recordingUrl: null }, '/recordingUrl', 'must be string'],
    ['a call without duration', without(callFinalized(), 'callDuration'), '/callDuration', 'is required'],
    ['a call without status', without(callFinalized(), 'callStatus'), '/callStatus', 'is required'],
    ['a call whose duration is null', { ...callFinalized(), callDuration: null }, '/callDuration', 'must be number'],
    ['a call whose status is null', { ...callFinalized(), callStatus: null }, '/callStatus', 'must be string'],
    ['a duration that is text', { ...callFinalized(), callDuration: '9' }, '/callDuration', 'must be number'],
    ['a status that is a number', { ...callFinalized(), callStatus: 9 }, '/callStatus', 'must be string'],
    ['null in a required field', { ...callEnded(), callStatus: null }, '/callStatus', 'must be string'],
    ['a negative count', sessionEnded({ messagesCount: -1 }), '/messagesCount', 'must be >= 0'],
    ['a fraction of a message', sessionEnded({ messagesCount: 1.5 }), '/messagesCount', 'must be integer'],
    ['a negative duration', callEnded({ callDuration: -0.1 }), '/callDuration', 'must be >= 0'],
    ['a control character in the id', sessionEnded({ sessionId: 'a\u0007b' }), '/sessionId', 'must match pattern'],
    ['a delete character in the id', sessionEnded({ sessionId: 'a\u007fb' }), '/sessionId', 'must match pattern'],
    ['a C1 control character in the id', sessionEnded({ sessionId: 'a\u0085b' }), '/sessionId', 'must match pattern'],
    ['half a surrogate pair in the id', sessionEnded({ sessionId: 'a\ud800b' }), '/sessionId', 'half a surrogate pair'],
    ['an empty id', sessionEnded({ sessionId: '' }), '/sessionId', 'must NOT have fewer than 1 characters'],
    [
      'an id of 257 characters',
      sessionEnded({ sessionId: '\u{1f600}'.repeat(257) }),
      '/sessionId',
      'must NOT have more than 256',
    ],
    ['an invalid date', sessionEnded({ timestamp: '2026-13-03T08:42:11Z' }), '/timestamp', 'must match pattern'],
    ['an unknown event', { ...sessionEnded(), event: 'session.paused' }, '/event', 'must be one of session.ended, '],
    ["one of the archiver's events", { ...sessionEnded(), event: 'recording.archived' }, '/event', 'must be one of'],
    ['no event', without(sessionEnded(), 'event'), '/event', 'must be one of'],
  ])('rejects %s', (_what, event, path, message) => {
    expect(faults(event)).toContainEqual({ path, message: expect.stringContaining(message) as string });
  });

  it.each<[string, object]>([
    ['null call fields of a text session', { ...textFinalized(), callStatus: null, callDuration: null }],
    ['one null call field of a text session', { ...textFinalized(), callStatus: null }],
    ['the other null call field of a text session', { ...textFinalized(), callDuration: null }],
    ['a null recordingUrl on failure', { ...providerFailed(), recordingUrl: null }],
    ['a null reason', { ...sessionEnded(), reason: null }],
    ['another reason', { ...sessionEnded(), reason: 'bored' }],
    ['a reason that is not text', { ...sessionEnded(), reason: { code: 7 } }],
    ['an empty call status', callEnded({ callStatus: '' })],
    ['a null field that is not in the schema', { ...recordingReady(), addedLater: null }],
  ])('accepts %s', (_what, event) => expect(faults(event)).toEqual([]));

  it('says once what is wrong with a field', () => {
    expect(faults({ ...callFinalized(), callDuration: '9' })).toEqual([
      { path: '/callDuration', message: 'must be number' },
    ]);
  });

  it('accepts an id of 256 characters outside the basic plane', () => {
    expect(faults(sessionEnded({ sessionId: '\u{1f600}'.repeat(256) }))).toEqual([]);
  });

  it('rejects values that are not objects', () => {
    for (const value of [null, [], 'x', 1, true]) expect(validateSenderEvent(value).kind).toBe('invalid');
  });

  it('reports all faults at once without values of the payload', () => {
    const found = faults({
      event: 'call.ended',
      sessionId: 7,
      timestamp: 'secret',
      callStatus: 7,
      callDuration: 'secret',
    });
    expect(found.map(({ path }) => path).sort()).toEqual([
      '/callDuration',
      '/callStatus',
      '/projectId',
      '/sessionId',
      '/timestamp',
    ]);
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  it('accepts an undocumented call status and recognizes it as undocumented', () => {
    expect(faults(callEnded({ callStatus: 'abducted' }))).toEqual([]);
    expect(isDocumentedCallStatus('abducted')).toBe(false);
    expect(isDocumentedCallStatus('Ended')).toBe(true);
  });
});
