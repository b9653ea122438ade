import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * The name of a segment: its id, which is greater than those of all older segments and near the time of its making in milliseconds
 * since 1970, and the salt of its checksums.
 */
export type SegmentName = { readonly id: number; readonly salt: number };

const VERSION = 1;
const MAGIC = Buffer.from('PSSPOOL\n');
export const SEGMENT_HEADER_BYTES = 20;

/** The spool was written by a newer version of this program. Start that one, or wait until it has drained the spool. */
export class NewerSpoolError extends Error {
  override readonly name = 'NewerSpoolError';
}

/** A name for the segment that follows the one with id `lastId`, whatever the clock says. */
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

/** The first bytes of a segment. They repeat the salt, so that a segment tells all about itself. */
export function segmentHeader(salt: number): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(VERSION, 8);
  header.writeUInt32LE(salt, 12);
  header.writeUInt32LE(crc32(header.subarray(0, 16)), 16);
  return header;
}

/**
 * Whether a segment begins as one should.
 * @throws NewerSpoolError when it does, but with a version that this program does not know.
 */
export function judgeSegmentHeader(header: Buffer, file: string): 'sound' | 'damaged' {
  const isSound =
    header.length === SEGMENT_HEADER_BYTES &&
    header.subarray(0, MAGIC.length).equals(MAGIC) &&
    header.readUInt32LE(16) === crc32(header.subarray(0, 16));
  if (!isSound) return 'damaged';
  const version = header.readUInt32LE(8);
  if (version > VERSION) {
    throw new NewerSpoolError(
      `${file} has version ${version} of the spool's format, this program knows ${VERSION}: let the newer program drain it first`,
    );
  }
  return 'sound';
}
