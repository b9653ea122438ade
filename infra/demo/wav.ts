const SAMPLE_RATE = 8_000;
const HEADER_BYTES = 44;

/** A RIFF/WAVE file, 16-bit mono PCM at 8 kHz as telephony has it: a tone of its own for each `pitch`, so that no two files are alike. */
export function createWav(seconds: number, pitch: number): Buffer {
  const samples = Math.round(seconds * SAMPLE_RATE);
  const wav = Buffer.alloc(HEADER_BYTES + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16); // size of the fmt chunk
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // channels
  wav.writeUInt32LE(SAMPLE_RATE, 24);
  wav.writeUInt32LE(SAMPLE_RATE * 2, 28); // bytes a second
  wav.writeUInt16LE(2, 32); // bytes a sample
  wav.writeUInt16LE(16, 34); // bits a sample
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  const hertz = 220 * 2 ** (pitch / 12);
  for (let i = 0; i < samples; i += 1) {
    const fade = Math.min(1, i / 800, (samples - i) / 800);
    wav.writeInt16LE(
      Math.round(9_000 * fade * Math.sin((2 * Math.PI * hertz * i) / SAMPLE_RATE)),
      HEADER_BYTES + i * 2,
    );
  }
  return wav;
}
