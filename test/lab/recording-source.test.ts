import { createHash } from 'node:crypto';
import { fileTypeFromBuffer } from 'file-type';
import { expect, it } from 'vitest';
import { RecordingBytes } from '../../lab/source/recording-bytes.js';

const whole = (recording: RecordingBytes, start = 0) => Buffer.concat([...recording.from(start)]);

it.each([1_000, 65_536, 65_537, 300_001])('gives the same %i bytes from any offset', (length) => {
  const all = whole(new RecordingBytes(5, length));
  expect(all).toHaveLength(length);
  expect(new RecordingBytes(5, length).sha256()).toBe(createHash('sha256').update(all).digest('hex'));
  for (const start of [1, 43, 61, 999, 65_535, 65_536, 131_073].filter((place) => place < length)) {
    expect(whole(new RecordingBytes(5, length), start).equals(all.subarray(start))).toBe(true);
  }
});

it('gives different bytes for another seed or length, in every chunk', () => {
  const chunks = [new RecordingBytes(5, 200_000), new RecordingBytes(6, 200_000), new RecordingBytes(5, 200_001)]
    .flatMap((recording) => [...recording.from(0)])
    .map((chunk) => createHash('sha256').update(chunk).digest('hex'));
  expect(new Set(chunks).size).toBe(chunks.length);
});

it('is recognised as audio', async () => {
  expect(await fileTypeFromBuffer(whole(new RecordingBytes(5, 2_000)))).toMatchObject({ mime: 'audio/wav' });
});
