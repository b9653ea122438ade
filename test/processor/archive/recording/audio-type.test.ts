import { describe, expect, it } from 'vitest';
import { identifyAudio } from '../../../../processor/archive/recording/audio-type.js';
import { wav } from './audio-samples.js';

const identify = async (head: Buffer, header?: string, path = '/recording') =>
  (await identifyAudio(head, header, path))?.extension;
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))));
const padded = (head: Buffer) => Buffer.concat([head, Buffer.alloc(4_096, 0xaa)]);

describe('identifyAudio', () => {
  it.each<[string, Buffer]>([
    ['wav', wav(200)],
    ['mp3', padded(bytes([0xff, 0xfb, 0x90, 0x64]))],
    ['mp3', padded(bytes('ID3', [4, 0, 0, 0, 0, 0, 10], '\0'.repeat(10), [0xff, 0xfb, 0x90, 0x64]))],
    ['ogg', padded(bytes('OggS', [0, 2], '\0'.repeat(20), [1, 19], 'OpusHead'))],
    ['ogg', padded(bytes('OggS', [0, 2], '\0'.repeat(20), [1, 30, 1], 'vorbis'))],
    ['flac', padded(bytes('fLaC', [0, 0, 0, 34]))],
    ['m4a', padded(bytes([0, 0, 0, 32], 'ftypM4A ', [0, 0, 0, 0]))],
    ['mp4', padded(bytes([0, 0, 0, 32], 'ftypisom', [0, 0, 2, 0]))],
    ['webm', padded(bytes([0x1a, 0x45, 0xdf, 0xa3, 0x87, 0x42, 0x82, 0x84], 'webm'))],
    ['amr', padded(bytes('#!AMR\n'))],
    ['aac', padded(bytes([0xff, 0xf1, 0x50, 0x80]))],
  ])('recognizes %s from its bytes, whatever the source says', async (extension, head) => {
    expect(await identify(head, 'text/html', '/recording.txt')).toBe(extension);
  });

  it('uses the header, then the path, for bytes without a signature', async () => {
    const raw = Buffer.alloc(2_000, 0x05);
    expect(await identify(raw, 'audio/L16; rate=8000')).toBe('pcm');
    expect(await identify(raw, 'audio/basic')).toBe('au');
    expect(await identify(raw, 'application/octet-stream', '/a/b.MP3')).toBe('mp3');
    expect(await identify(raw, undefined, '/a/b.exe')).toBe('bin');
    expect(await identify(raw)).toBe('bin');
  });

  it.each<[string, Buffer]>([
    ['an HTML page', Buffer.from('<!doctype html><html><body>Expired</body></html>')],
    ['a page with a byte order mark', Buffer.from('\ufeff <html lang="de">Abgelaufen: Öffnung</html>')],
    ['an XML error of S3', Buffer.from('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>')],
    ['a JSON error', Buffer.from('{"error":"not found"}')],
    ['plain text', Buffer.from('Link expired\n')],
    [
      'an image',
      padded(bytes([0x89], 'PNG\r\n', [0x1a, 0x0a, 0, 0, 0, 13], 'IHDR', '\0'.repeat(17), [0, 0, 0, 9], 'IDAT')),
    ],
    ['a PDF', padded(bytes('%PDF-1.7\n'))],
    ['a ZIP archive', padded(bytes('PK', [3, 4, 20, 0, 0, 0, 0, 0]))],
    ['a long text that is cut inside a character', Buffer.from('通'.repeat(2_000)).subarray(0, 4_001)],
  ])('rejects %s, even if the source calls it audio', async (_, head) => {
    expect(await identify(head, 'audio/wav', '/recording.wav')).toBeUndefined();
  });
});
