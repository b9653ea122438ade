import { createHash, randomBytes } from 'node:crypto';
import { writeWavHeader } from '../../../../dev/demo/wav.js';

/** A WAV file of noise with the given size: 8 kHz, 16 bit, mono. */
export function wav(bytes: number): Buffer {
  const file = randomBytes(bytes);
  writeWavHeader(file, bytes);
  return file;
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
