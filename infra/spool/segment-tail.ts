import { open, type FileHandle } from 'node:fs/promises';
import { parseFrames } from './frames.js';
import { decodeSpooled, type SpooledRecord } from './record-codec.js';
import { checkSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentName } from './segment-files.js';

/** Bytes that are read at once, unless a single record is larger. */
const MAX_SLICE_BYTES = 512 * 1024;

/**
 * Reads a segment that another process writes, while it grows. Changes nothing. May return a record twice, and one that its writer
 * took back because the disk failed.
 */
export class SegmentTail {
  private offset = 0;
  /** Size of the file when its end was reached. */
  private doneAt = -1;
  /** Bytes that are no frame: damage, or a write that failed and was cut off later. */
  private hasDamage = false;

  constructor(private readonly name: SegmentName) {}

  /**
   * The next records; empty when everything up to `size` has been read.
   *
   * @param size of the file now.
   * @throws NewerSpoolError; Error of the file system, with code `ENOENT` once the segment has been drained.
   */
  async read(path: string, size: number): Promise<readonly SpooledRecord[]> {
    if (size === this.doneAt || size < SEGMENT_HEADER_BYTES) return [];
    // The writer has cut off a failed write, and may have continued in front of our position.
    if (size < this.offset || (this.doneAt !== -1 && this.hasDamage)) this.offset = 0;
    if (this.offset === 0) this.hasDamage = false;
    this.doneAt = -1;
    const file = await open(path, 'r');
    try {
      if (this.offset === 0) {
        // Frames begin behind the header even if it is damaged.
        checkSegmentHeader(await read(file, 0, SEGMENT_HEADER_BYTES), path);
        this.offset = SEGMENT_HEADER_BYTES;
      }
      for (let wanted = MAX_SLICE_BYTES; ;) {
        const { records, hasMoved, wantedBytes } = this.parse(await read(file, this.offset, wanted));
        if (records.length > 0) return records;
        // What is left is incomplete: its writer has not finished, or never will.
        if (!hasMoved && (this.offset + wantedBytes > size || wantedBytes <= wanted)) break;
        wanted = Math.max(MAX_SLICE_BYTES, wantedBytes);
      }
      this.doneAt = size;
      return [];
    } finally {
      await file.close();
    }
  }

  private parse(bytes: Buffer) {
    const { items, nextOffset, wantedBytes } = parseFrames(bytes, this.offset, this.name.salt, false);
    const records: SpooledRecord[] = [];
    for (const item of items) {
      const record = item.kind === 'payload' ? decodeSpooled(item.payload) : undefined;
      if (record === undefined) this.hasDamage = true;
      else records.push(record);
    }
    const hasMoved = nextOffset > this.offset;
    this.offset = nextOffset;
    return { records, hasMoved, wantedBytes };
  }
}

async function read(file: FileHandle, from: number, bytes: number): Promise<Buffer> {
  const into = Buffer.allocUnsafe(bytes);
  const { bytesRead } = await file.read(into, 0, bytes, from);
  return into.subarray(0, bytesRead);
}
