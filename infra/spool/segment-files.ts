import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * The name of a segment. `id` is greater than that of any older segment, and close to the time of creation in milliseconds since the
 * epoch; `salt` belongs to the checksums.
 */
export type SegmentName = { readonly id: number; readonly salt: number };

const VERSION = 1;
const MAGIC = Buffer.from('PSSPOOL\n');
export const SEGMENT_HEADER_BYTES = 20;

/** A newer version of this program wrote the spool. Run that version until it has drained the spool. */
export class NewerSpoolError extends Error {
  override readonly name = 'NewerSpoolError';
}

/** A name for the segment after the one with id `lastId`, even if the clock has gone back. */
export function nextSegmentName(lastId: number, now: number): SegmentName {
  return { id: Math.max(now, lastId + 1), salt: randomBytes(4).readUInt32LE() };
}

export function segmentFileName({ id, salt }: SegmentName): string {
  return `${String(id).padStart(15, '0')}-${salt.toString(16).padStart(8, '0')}.spool`;
}

export function parseSegmentFileName(name: string): SegmentName | undefined {
  const [, id, salt] = /^(\d{15})-([0-9a-f]{8})\.spool$/.exec(name) ?? [];
  return id === undefined || salt === undefined ? undefined : { id: Number(id), salt: parseInt(salt, 16) };
}

/** The first bytes of a segment. They repeat the salt, so that a segment is self-contained. */
export function segmentHeader(salt: number): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(VERSION, 8);
  header.writeUInt32LE(salt, 12);
  header.writeUInt32LE(crc32(header.subarray(0, 16)), 16);
  return header;
}

/**
 * Checks the header of a segment.
 * @throws NewerSpoolError if the header is intact but its version is unknown to this program.
 */
export function checkSegmentHeader(header: Buffer, file: string): 'intact' | 'damaged' {
  const isIntact =
    header.length === SEGMENT_HEADER_BYTES &&
    header.subarray(0, MAGIC.length).equals(MAGIC) &&
    header.readUInt32LE(16) === crc32(header.subarray(0, 16));
  if (!isIntact) return 'damaged';
  const version = header.readUInt32LE(8);
  if (version > VERSION) {
    throw new NewerSpoolError(
      `${file} has spool format version ${version}, this program supports up to ${VERSION}: let the newer program drain it first`,
    );
  }
  return 'intact';
}
