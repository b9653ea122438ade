import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { TooLargeError, type Codec } from './codec.js';

/** Higher levels take more than twice the CPU for a tenth less bytes. */
const GZIP_LEVEL = 1;
/** The default of Kafka's own producer. */
const ZSTD_OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

export const gzip: Codec = {
  compress: (bytes) => gzipSync(bytes, { level: GZIP_LEVEL }),
  decompress: (bytes, maxBytes) => limited(() => gunzipSync(bytes, { maxOutputLength: maxBytes }), maxBytes),
};

export const zstd: Codec = {
  compress: (bytes) => zstdCompressSync(bytes, ZSTD_OPTIONS),
  decompress: (bytes, maxBytes) => limited(() => zstdDecompressSync(bytes, { maxOutputLength: maxBytes }), maxBytes),
};

function limited(decompress: () => Buffer, maxBytes: number): Buffer {
  try {
    return decompress();
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? new TooLargeError(maxBytes) : error;
  }
}
