import { createHash } from 'node:crypto';
import { WAV_HEADER_BYTES, writeWavHeader } from '../../dev/demo/wav.js';
import { seededRandom } from '../random.js';

const CHUNK_BYTES = 65_536;
const STAMP_BYTES = 16;
const BLOCK_BYTES = 1_048_576;
/** Noise that each chunk is cut out of, at a place of its own. Longer than a block by one chunk, so that each place has a whole chunk. */
const BLOCK = noise();

/**
 * The bytes of a recording, equal for equal seed and length, so that they need not be stored to be verified. Each chunk of 64 KiB
 * contains the seed and its index, so that chunks of two recordings, or chunks in the wrong order, are detected.
 */
export class RecordingBytes {
  constructor(
    readonly seed: number,
    readonly length: number,
  ) {}

  /** All bytes from `start` on, in chunks of at most 64 KiB. */
  *from(start: number): Generator<Buffer> {
    for (let position = start; position < this.length;) {
      const index = Math.floor(position / CHUNK_BYTES);
      const chunk = this.chunk(index).subarray(position - index * CHUNK_BYTES);
      position += chunk.length;
      yield chunk;
    }
  }

  /** SHA-256 of all bytes, in lower-case hex. */
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
    const stampAt = index === 0 ? WAV_HEADER_BYTES : 0;
    if (index === 0) writeHeader(chunk, this.length);
    if (chunk.length < stampAt + STAMP_BYTES) return chunk;
    chunk.writeUInt32BE(this.seed >>> 0, stampAt);
    chunk.writeUInt32BE(index, stampAt + 4);
    chunk.writeBigUInt64BE(BigInt(this.length), stampAt + 8);
    return chunk;
  }
}

/** Writes a WAV header, or as much of it as fits into a shorter recording. */
function writeHeader(into: Buffer, fileBytes: number): void {
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  writeWavHeader(header, Math.max(WAV_HEADER_BYTES, fileBytes));
  header.copy(into);
}

function noise(): Buffer {
  const random = seededRandom(6);
  const words = new Uint32Array((BLOCK_BYTES + CHUNK_BYTES) / 4).map(() => random() * 2 ** 32);
  return Buffer.from(words.buffer);
}
