import { createHash } from 'node:crypto';
import { seededRandom } from '../soak/ingress/random.js';

const CHUNK_BYTES = 65_536;
const HEADER_BYTES = 44;
const STAMP_BYTES = 16;
const BLOCK_BYTES = 1_048_576;
/** Chunks are cut out of it, each at a place of its own; it goes on for a chunk behind its end. */
const BLOCK = noise();

/**
 * The bytes of a recording, the same for the same seed and length: nobody has to keep them to know what they must be. Each 64 KiB of
 * them are stamped with the seed and their place, so that parts of two recordings, or one's parts in another order, never look right.
 */
export class RecordingBytes {
  constructor(
    readonly seed: number,
    readonly length: number,
  ) {}

  /** All bytes from a place on, in chunks of at most 64 KiB. */
  *from(start: number): Generator<Buffer> {
    for (let place = start; place < this.length;) {
      const index = Math.floor(place / CHUNK_BYTES);
      const chunk = this.chunk(index).subarray(place - index * CHUNK_BYTES);
      place += chunk.length;
      yield chunk;
    }
  }

  /** In lower-case hex. */
  sha256(): string {
    const hash = createHash('sha256');
    for (const chunk of this.from(0)) hash.update(chunk);
    return hash.digest('hex');
  }

  private chunk(index: number): Buffer {
    const length = Math.min(CHUNK_BYTES, this.length - index * CHUNK_BYTES);
    const offset = (Math.imul(this.seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
    const at = offset % BLOCK_BYTES;
    const chunk = Buffer.from(BLOCK.subarray(at, at + length));
    const stampAt = index === 0 ? HEADER_BYTES : 0;
    if (index === 0) writeWavHeader(chunk, this.length);
    if (chunk.length < stampAt + STAMP_BYTES) return chunk;
    chunk.writeUInt32BE(this.seed >>> 0, stampAt);
    chunk.writeUInt32BE(index, stampAt + 4);
    chunk.writeBigUInt64BE(BigInt(this.length), stampAt + 8);
    return chunk;
  }
}

/** 16-bit mono PCM at 8 kHz, as telephony has it. */
function writeWavHeader(into: Buffer, length: number): void {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('RIFF', 0);
  header.writeUInt32LE(Math.max(0, length - 8), 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8_000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(Math.max(0, length - HEADER_BYTES), 40);
  header.copy(into);
}

function noise(): Buffer {
  const random = seededRandom(6);
  const words = new Uint32Array((BLOCK_BYTES + CHUNK_BYTES) / 4).map(() => random() * 2 ** 32);
  return Buffer.from(words.buffer);
}
