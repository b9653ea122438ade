import { createRequire } from 'node:module';
import { CODEC_IDS, COMPRESSION_TYPES, type Codec, type CompressionType } from './codec.js';
import { lz4Codec, type Lz4Library } from './lz4-codec.js';
import { snappyCodec, type SnappyLibrary } from './snappy-codec.js';
import { gzip, zstd } from './zlib-codecs.js';

/** Compresses batches that are written. */
export type Compressor = {
  /** Number of the codec in a batch's attributes. */
  readonly id: number;
  readonly compress: Codec['compress'];
};

const require = createRequire(import.meta.url);
/** The native libraries are loaded at their first use only. */
const LOAD: Readonly<Record<Exclude<CompressionType, 'none'>, () => Codec>> = {
  gzip: () => gzip,
  snappy: () => snappyCodec(require('snappy') as SnappyLibrary),
  lz4: () => lz4Codec(require('lz4-napi') as Lz4Library),
  zstd: () => zstd,
};
const loaded = new Map<CompressionType, Codec>();

function load(type: Exclude<CompressionType, 'none'>): Codec {
  let codec = loaded.get(type);
  if (codec !== undefined) return codec;
  try {
    codec = LOAD[type]();
  } catch (cause) {
    const what = `the library for ${type} cannot be loaded on ${process.platform}-${process.arch}`;
    throw new Error(`${what}: install the dependencies again, with their optional packages`, { cause });
  }
  loaded.set(type, codec);
  return codec;
}

/** The compressor of a type, loaded at once; `undefined` for `none`. @throws Error when its library cannot be loaded. */
export function compressor(type: CompressionType): Compressor | undefined {
  return type === 'none' ? undefined : { id: CODEC_IDS[type], compress: load(type).compress };
}

/**
 * Decompresses the records of a batch.
 * @param id number of the codec in the batch's attributes.
 * @throws TooLargeError when the result would have more than `maxBytes`.
 * @throws Error when the codec is unknown or cannot be loaded, or the bytes are malformed.
 */
export function decompress(id: number, bytes: Buffer, maxBytes: number): Buffer {
  const type = COMPRESSION_TYPES[id];
  if (type === undefined) throw new Error(`no compression type has the number ${id}`);
  return type === 'none' ? bytes : load(type).decompress(bytes, maxBytes);
}
