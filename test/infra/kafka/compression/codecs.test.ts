import fc from 'fast-check';
import { createRequire } from 'node:module';
import { zstdCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CODEC_IDS, TooLargeError, type CompressionType } from '../../../../infra/kafka/compression/codec.js';
import { compressor, decompress, type Compressor } from '../../../../infra/kafka/compression/codecs.js';

const require = createRequire(import.meta.url);
const snappy = require('snappy') as { readonly compressSync: (bytes: Buffer) => Buffer };
const lz4 = require('lz4-napi') as {
  compressFrameSync: (bytes: Buffer, options: { contentChecksum?: boolean; blockChecksums?: boolean }) => Buffer;
};

const MIB = 1024 * 1024;
const TYPES: readonly CompressionType[] = ['gzip', 'snappy', 'lz4', 'zstd'];
const content = fc.oneof(
  fc.uint8Array({ maxLength: 3_000 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 40 }), fc.nat(9_000))
    .map(([text, times]) => Buffer.from(text.repeat(times))),
);

/** As SnappyOutputStream of snappy-java, in blocks of `blockBytes`. */
function xerial(bytes: Buffer, blockBytes: number): Buffer {
  const parts: Buffer[] = [Buffer.from('82534e41505059000000000100000001', 'hex')];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = snappy.compressSync(bytes.subarray(at, at + blockBytes));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

describe.each(TYPES)('%s', (type) => {
  const { id, compress } = compressor(type) as Compressor;

  it('returns the bytes that were compressed', () => {
    fc.assert(
      fc.property(content, (bytes) => {
        expect(decompress(id, compress(bytes), MIB).equals(bytes)).toBe(true);
      }),
      { endOnFailure: true },
    );
  });

  it('refuses more than the limit, and takes as much', () => {
    const compressed = compress(Buffer.alloc(4 * MIB));
    expect(decompress(id, compressed, 4 * MIB)).toHaveLength(4 * MIB);
    expect(() => decompress(id, compressed, 4 * MIB - 1)).toThrow(TooLargeError);
  });

  it('refuses a bomb without using its memory', () => {
    const bomb = compress(Buffer.alloc(256 * MIB));
    const before = process.resourceUsage().maxRSS;
    expect(() => decompress(id, bomb, MIB)).toThrow(TooLargeError);
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(128);
  });

  it('throws on arbitrary bytes, or returns no more than the limit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), content, fc.nat(), (noise, bytes, at) => {
        const damaged = compress(bytes);
        if (noise.length > 0 && damaged.length > 0) damaged[at % damaged.length] = noise[0] as number;
        for (const input of [Buffer.from(noise), damaged]) {
          try {
            expect(decompress(id, input, MIB).length).toBeLessThanOrEqual(MIB);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        }
      }),
      { endOnFailure: true },
    );
  });
});

describe('snappy of snappy-java', () => {
  it('is read, whatever the size of its blocks', () => {
    fc.assert(
      fc.property(content, fc.integer({ min: 1_000, max: 32_768 }), (bytes, blockBytes) => {
        expect(decompress(CODEC_IDS.snappy, xerial(bytes, blockBytes), MIB).equals(bytes)).toBe(true);
      }),
      { endOnFailure: true },
    );
  });

  it('counts all blocks against the limit', () => {
    const framed = xerial(Buffer.alloc(MIB), 32_768);
    expect(decompress(CODEC_IDS.snappy, framed, MIB)).toHaveLength(MIB);
    expect(() => decompress(CODEC_IDS.snappy, framed, MIB - 1)).toThrow(TooLargeError);
  });

  it('must be complete', () => {
    const framed = xerial(Buffer.from('some text'.repeat(9)), 20);
    for (const cut of [17, 20, framed.length - 1]) {
      expect(() => decompress(CODEC_IDS.snappy, framed.subarray(0, cut), MIB)).toThrow('cut off');
    }
  });
});

describe('lz4', () => {
  it('is read with checksums of content and blocks', () => {
    const bytes = Buffer.from('some text'.repeat(50_000));
    for (const contentChecksum of [false, true]) {
      for (const blockChecksums of [false, true]) {
        const frame = lz4.compressFrameSync(bytes, { contentChecksum, blockChecksums });
        expect(decompress(CODEC_IDS.lz4, frame, 8 * MIB).equals(bytes)).toBe(true);
      }
    }
  });

  it('cannot hold a block larger than its header states', () => {
    const frame = Buffer.from((compressor('lz4') as Compressor).compress(Buffer.alloc(4 * MIB)));
    // States 64 KiB for each block, with the checksum of such a header.
    Buffer.from('604082', 'hex').copy(frame, 4);
    expect(() => decompress(CODEC_IDS.lz4, frame, MIB)).toThrow();
  });
});

it('compresses nothing as type none', () => {
  expect(compressor('none')).toBeUndefined();
  const bytes = Buffer.from('as it is');
  expect(decompress(CODEC_IDS.none, bytes, 1)).toBe(bytes);
});

it('reads members and frames of other levels', () => {
  const bytes = Buffer.from('some text'.repeat(5_000));
  expect(decompress(CODEC_IDS.gzip, gzipSync(bytes, { level: 9 }), MIB).equals(bytes)).toBe(true);
  expect(decompress(CODEC_IDS.zstd, zstdCompressSync(bytes), MIB).equals(bytes)).toBe(true);
});
