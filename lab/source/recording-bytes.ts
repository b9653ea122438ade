import { createHash } from 'node:crypto';
import { WAV_HEADER_BYTES, writeWavHeader } from '../../dev/demo/wav.js';
import { seededRandom } from '../random.js';

const CHUNK_BYTES = 65_536;
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
    const stampAt = index === 0 ? WAV_HEADER_BYTES : 0;
    if (index === 0) writeHeader(chunk, this.length);
    if (chunk.length < stampAt + STAMP_BYTES) return chunk;
    chunk.writeUInt32BE(this.seed >>> 0, stampAt);
    chunk.writeUInt32BE(index, stampAt + 4);
    chunk.writeBigUInt64BE(BigInt(this.length), stampAt + 8);
    return chunk;
  }
}

/** A recording may be shorter than a header: then it has as much of one as fits. */
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
