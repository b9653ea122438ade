import { TooLargeError, type Codec } from './codec.js';

/** The functions of the package lz4-napi that are used here. */
export type Lz4Library = {
  readonly compressFrameSync: (bytes: Buffer) => Buffer;
  readonly decompressFrameSync: (bytes: Buffer) => Buffer;
};

const MAGIC = 0x184d_2204;
const MAGIC_BYTES = 4;
const LENGTH_BYTES = 4;
const CONTENT_SIZE_BYTES = 8;
const DICTIONARY_ID_BYTES = 4;
const CHECKSUM_BYTES = 4;
/** Bits of the frame's flags. */
const HAS_BLOCK_CHECKSUMS = 0x10;
const HAS_CONTENT_SIZE = 0x08;
const HAS_DICTIONARY_ID = 0x01;
/** Bit of a block's length. */
const IS_UNCOMPRESSED = 0x8000_0000;
/** Largest content of a block by its code in the frame's header. */
const MAX_BLOCK_BYTES: Readonly<Record<number, number>> = { 4: 65_536, 5: 262_144, 6: 1_048_576, 7: 4_194_304 };

/** One frame of LZ4 for each batch. Source: "LZ4 Frame Format Description" of LZ4. */
export function lz4Codec({ compressFrameSync, decompressFrameSync }: Lz4Library): Codec {
  return {
    compress: (bytes) => compressFrameSync(bytes),
    decompress: (bytes, maxBytes) => {
      if (contentBound(bytes) > maxBytes) throw new TooLargeError(maxBytes);
      return decompressFrameSync(bytes);
    },
  };
}

/**
 * Upper bound of the decompressed bytes, as each block counts in full. The library has no limit, but holds a block to the size that the
 * header states.
 *
 *     magic flags block_size [content_size] [dictionary_id] header_checksum [length block [checksum]] 0
 *
 * @throws Error when it is not a frame, or is cut off.
 */
function contentBound(frame: Buffer): number {
  if (frame.length < MAGIC_BYTES + 3 || frame.readUInt32LE(0) !== MAGIC) throw new Error('it is not an LZ4 frame');
  const flags = frame[MAGIC_BYTES] as number;
  const maxBlockBytes = MAX_BLOCK_BYTES[((frame[MAGIC_BYTES + 1] as number) >> 4) & 0x07];
  if (maxBlockBytes === undefined) throw new Error('the header of the LZ4 frame is malformed');
  const optionalBytes =
    ((flags & HAS_CONTENT_SIZE) === 0 ? 0 : CONTENT_SIZE_BYTES) +
    ((flags & HAS_DICTIONARY_ID) === 0 ? 0 : DICTIONARY_ID_BYTES);
  const afterBlock = (flags & HAS_BLOCK_CHECKSUMS) === 0 ? 0 : CHECKSUM_BYTES;
  let bound = 0;
  for (let at = MAGIC_BYTES + 2 + optionalBytes + 1; at + LENGTH_BYTES <= frame.length;) {
    const length = frame.readUInt32LE(at);
    if (length === 0) return bound;
    const bytes = length % IS_UNCOMPRESSED;
    bound += length >= IS_UNCOMPRESSED ? bytes : maxBlockBytes;
    at += LENGTH_BYTES + bytes + afterBlock;
  }
  throw new Error('the LZ4 frame is cut off');
}
