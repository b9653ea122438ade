const SAMPLE_RATE = 8_000;
export const WAV_HEADER_BYTES = 44;

/** Writes the header of a RIFF/WAVE file of `fileBytes` bytes: 16-bit mono PCM at 8 kHz, as in telephony. */
export function writeWavHeader(file: Buffer, fileBytes: number): void {
  file.write('RIFF', 0);
  file.writeUInt32LE(fileBytes - 8, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16); // size of the fmt chunk
  file.writeUInt16LE(1, 20); // PCM
  file.writeUInt16LE(1, 22); // channels
  file.writeUInt32LE(SAMPLE_RATE, 24);
  file.writeUInt32LE(SAMPLE_RATE * 2, 28); // bytes a second
  file.writeUInt16LE(2, 32); // bytes a sample
  file.writeUInt16LE(16, 34); // bits a sample
  file.write('data', 36);
  file.writeUInt32LE(fileBytes - WAV_HEADER_BYTES, 40);
}

/** A WAV file with a different tone for each `pitch`, so that no two are equal. */
export function createWav(seconds: number, pitch: number): Buffer {
  const samples = Math.round(seconds * SAMPLE_RATE);
  const wav = Buffer.alloc(WAV_HEADER_BYTES + samples * 2);
  writeWavHeader(wav, wav.length);
  const hertz = 220 * 2 ** (pitch / 12);
  for (let i = 0; i < samples; i += 1) {
    const fade = Math.min(1, i / 800, (samples - i) / 800);
    wav.writeInt16LE(
      Math.round(9_000 * fade * Math.sin((2 * Math.PI * hertz * i) / SAMPLE_RATE)),
      WAV_HEADER_BYTES + i * 2,
    );
  }
  return wav;
}
