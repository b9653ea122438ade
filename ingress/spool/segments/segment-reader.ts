import { join } from 'node:path';
import type { SpoolFile, SpoolFs } from '../file-system.js';
import { FRAME_HEAD_BYTES, parseFrames } from '../../../infra/spool/frames.js';
import { decodeSpooled, type SpooledRecord } from '../../../infra/spool/record-codec.js';
import type { Segment } from './segment.js';
import { checkSegmentHeader, segmentFileName, SEGMENT_HEADER_BYTES } from '../../../infra/spool/segment-files.js';

/** A part of a file, from `start` to `end`, excluding `end`. */
export type Stretch = { readonly start: number; readonly end: number };

export type SegmentSlice = {
  readonly records: readonly SpooledRecord[];
  readonly damages: readonly Stretch[];
  /** Offset of the next slice. */
  readonly end: number;
};

/** Limit of a slice, unless a single record is larger. */
const MAX_SLICE_BYTES = 512 * 1024;

/** Reads one segment in slices. Changed or missing bytes are reported and do not stop it. */
export class SegmentReader {
  private constructor(
    private readonly file: SpoolFile,
    private readonly segment: Segment,
  ) {}

  /** @throws Error of the file system: try again later. */
  static async open(fs: SpoolFs, dir: string, segment: Segment): Promise<SegmentReader> {
    return new SegmentReader(await fs.open(join(dir, segmentFileName(segment.name))), segment);
  }

  /**
   * The slice at `offset`; `undefined` at the end of the segment.
   * @throws NewerSpoolError; Error of the file system: try again later.
   */
  async read(offset: number): Promise<SegmentSlice | undefined> {
    if (offset === 0) return this.readHeader();
    const { name, bytes: limit } = this.segment;
    if (offset >= limit) return undefined;
    for (let wanted = MAX_SLICE_BYTES; ;) {
      const asked = Math.min(wanted, limit - offset);
      const bytes = await this.file.read(asked, offset);
      const isShort = bytes.length < asked;
      const isEnd = isShort || offset + bytes.length === limit;
      const { items, nextOffset, wantedBytes } = parseFrames(bytes, offset, name.salt, isEnd);
      if (nextOffset === offset && !isEnd) {
        wanted = Math.max(wantedBytes, 2 * FRAME_HEAD_BYTES);
        continue;
      }
      const records: SpooledRecord[] = [];
      const damages: Stretch[] = [];
      for (const item of items) {
        const record = item.kind === 'payload' ? decodeSpooled(item.payload) : undefined;
        if (record === undefined) addStretch(damages, item);
        else records.push(record);
      }
      // The file is shorter than it was.
      if (isShort) addStretch(damages, { start: offset + bytes.length, end: limit });
      return { records, damages, end: isShort ? limit : nextOffset };
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async readHeader(): Promise<SegmentSlice> {
    const header = await this.file.read(Math.min(SEGMENT_HEADER_BYTES, this.segment.bytes), 0);
    switch (checkSegmentHeader(header, segmentFileName(this.segment.name))) {
      case 'intact':
        return { records: [], damages: [], end: SEGMENT_HEADER_BYTES };
      case 'damaged': {
        // Frames begin behind the header even if it is damaged.
        const end = Math.min(SEGMENT_HEADER_BYTES, this.segment.bytes);
        return { records: [], damages: [{ start: 0, end }], end };
      }
    }
  }
}

/** Adds a stretch, merged with the last one if they are adjacent. */
export function addStretch(stretches: Stretch[], { start, end }: Stretch): void {
  const last = stretches.at(-1);
  if (last?.end === start) stretches[stretches.length - 1] = { start: last.start, end };
  else stretches.push({ start, end });
}
