import { TooLargeError, type Codec } from './codec.js';

/** The functions of the package snappy that are used here. */
export type SnappyLibrary = {
  readonly compressSync: (bytes: Buffer) => Buffer;
  readonly uncompressSync: (bytes: Buffer, options: { readonly asBuffer: true }) => Buffer;
};

/** Start of the framing of snappy-java, which Kafka's own producer uses. Two versions of four bytes each follow. */
const XERIAL_MAGIC = Buffer.from('\x82SNAPPY\0', 'latin1');
const XERIAL_HEADER_BYTES = 16;
const LENGTH_BYTES = 4;

/**
 * Snappy in both forms that Kafka's clients write: one raw block, as librdkafka does, or blocks in the framing of snappy-java. Writes a raw
 * block, which all of them read.
 *
 *     xerial: magic version compatible_version [length block]
 *
 * Source: SnappyInputStream and SnappyOutputStream of snappy-java; "Format Description" of snappy.
 */
export function snappyCodec({ compressSync, uncompressSync }: SnappyLibrary): Codec {
  return {
    compress: (bytes) => compressSync(bytes),
    decompress: (bytes, maxBytes) => {
      const blocks = isXerial(bytes) ? xerialBlocks(bytes) : [bytes];
      let total = 0;
      for (const block of blocks) total += contentLength(block);
      if (total > maxBytes) throw new TooLargeError(maxBytes);
      const parts = blocks.map((block) => uncompressSync(block, { asBuffer: true }));
      return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, total);
    },
  };
}

function isXerial(bytes: Buffer): boolean {
  return (
    bytes.length >= XERIAL_HEADER_BYTES &&
    bytes.compare(XERIAL_MAGIC, 0, XERIAL_MAGIC.length, 0, XERIAL_MAGIC.length) === 0
  );
}

function xerialBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER_BYTES, end: number; at < bytes.length; at = end) {
    const start = at + LENGTH_BYTES;
    end = start <= bytes.length ? start + bytes.readUInt32BE(at) : Infinity;
    if (end > bytes.length) throw new Error('the snappy block is cut off');
    blocks.push(bytes.subarray(start, end));
  }
  return blocks;
}

/** The decompressed length that a block states at its start, as a varint of 32 bits. The library holds the block to it. */
function contentLength(block: Buffer): number {
  let length = 0;
  for (let at = 0, weight = 1; at < 5; at += 1, weight *= 0x80) {
    const byte = block[at];
    if (byte === undefined) break;
    length += (byte & 0x7f) * weight;
    if (byte < 0x80) return length;
  }
  throw new Error('the length of the snappy block is malformed');
}
