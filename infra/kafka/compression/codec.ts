/** How the records of a batch are compressed. Source of the numbers: the attributes of "Record Batch" in the Apache Kafka documentation. */
export const CODEC_IDS = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

export type CompressionType = keyof typeof CODEC_IDS;

export const COMPRESSION_TYPES = Object.keys(CODEC_IDS) as readonly CompressionType[];

/**
 * Compresses the records of a batch, and reads what any Kafka client has compressed. Synchronous, so that batches keep their order: 64 KiB
 * take below 0.5 ms (docs/performance.md).
 */
export type Codec = {
  readonly compress: (bytes: Buffer) => Buffer;
  /**
   * May return fewer bytes than were compressed when the input was cut off: the reader of the records notices.
   * @throws TooLargeError when the result would have more than `maxBytes`. Never uses much more memory than that.
   * @throws Error when the bytes are malformed.
   */
  readonly decompress: (bytes: Buffer, maxBytes: number) => Buffer;
};

/** Compressed bytes hold more than the reader accepts. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';

  constructor(maxBytes: number) {
    super(`decompressed, it has more than ${maxBytes} bytes`);
  }
}
