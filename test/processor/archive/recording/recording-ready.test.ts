import { describe, expect, it } from 'vitest';
import { readyRecordingIn } from '../../../../processor/archive/recording/recording-ready.js';
import { encodeWire, wireHeader } from '../../../../schemas/wire-format.js';

const READY = {
  event: 'recording.ready',
  sessionId: 's-1',
  timestamp: '2026-05-03T08:42:11.512Z',
  projectId: 'p-1',
  success: true,
  recordingUrl: 'https://example.com/a.wav',
};
const wire = (value: unknown) => encodeWire(wireHeader(7), JSON.stringify(value));

describe('readyRecordingIn', () => {
  it('finds a ready recording and accepts unknown fields', () => {
    expect(readyRecordingIn(wire({ ...READY, added: 1 }))).toMatchObject({ sessionId: 's-1', added: 1 });
  });

  it.each<[string, Buffer | null]>([
    ['a tombstone', null],
    ['bytes in another format', Buffer.from('{}')],
    ['a broken JSON text', encodeWire(wireHeader(7), '{"event":')],
    ['a JSON value that is not an object', wire(null)],
    ['another event', wire({ ...READY, event: 'recording.archived' })],
    ['a recording that the provider failed to make', wire({ ...READY, success: false, recordingUrl: undefined })],
    ['a success without a link', wire({ ...READY, recordingUrl: undefined })],
    ['an event that violates its schema', wire({ ...READY, sessionId: '' })],
  ])('ignores %s', (_, value) => {
    expect(readyRecordingIn(value)).toBeUndefined();
  });
});
