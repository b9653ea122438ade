import { join } from 'node:path';
import type { SpoolFile, SpoolFs } from '../file-system.js';
import { FRAME_HEAD_BYTES, frameHead } from '../../../infra/spool/frames.js';
import {
  SEGMENT_HEADER_BYTES,
  segmentFileName,
  segmentHeader,
  type SegmentName,
} from '../../../infra/spool/segment-files.js';

/** Size of these payloads in a segment. */
export function framedBytes(payloads: readonly Buffer[]): number {
  return payloads.reduce((sum, payload) => sum + FRAME_HEAD_BYTES + payload.length, 0);
}

/** Appends to one segment, one call at a time. */
export class SegmentWriter {
  private durableBytes = 0;
  private suspect = false;

  private constructor(
    private readonly fs: SpoolFs,
    private readonly dir: string,
    private readonly file: SpoolFile,
    private readonly name: SegmentName,
  ) {}

  /** @throws Error of the file system: try again later. */
  static async create(fs: SpoolFs, dir: string, name: SegmentName): Promise<SegmentWriter> {
    return new SegmentWriter(fs, dir, await fs.create(join(dir, segmentFileName(name))), name);
  }

  /** Number of bytes that survive a power failure. */
  get bytes(): number {
    return this.durableBytes;
  }

  /** The content of the file behind {@link bytes} is unknown: nothing more may be appended. */
  get isSuspect(): boolean {
    return this.suspect;
  }

  /**
   * Makes all payloads durable with one write and one fdatasync. The first call also makes the file's name durable.
   *
   * @throws Error of the file system: no payload counts as written, though the next start may find it. Continue with this segment
   *   unless it {@link isSuspect}.
   */
  async append(payloads: readonly Buffer[]): Promise<void> {
    const { salt } = this.name;
    const isFirst = this.durableBytes === 0;
    const parts = isFirst ? [segmentHeader(salt)] : [];
    let offset = isFirst ? SEGMENT_HEADER_BYTES : this.durableBytes;
    for (const payload of payloads) {
      parts.push(frameHead(payload, offset, salt), payload);
      offset += FRAME_HEAD_BYTES + payload.length;
    }
    try {
      await this.file.write(Buffer.concat(parts), this.durableBytes);
    } catch (error) {
      await this.cutBack();
      throw error;
    }
    try {
      await this.file.datasync();
      if (isFirst) await this.fs.syncDir(this.dir);
    } catch (error) {
      // After a failed fsync the kernel may have dropped the bytes, and the next fsync would succeed without them.
      this.suspect = true;
      await this.cutBack();
      throw error;
    }
    this.durableBytes = offset;
  }

  /** @throws Error of the file system; durable payloads stay durable. */
  async close(): Promise<void> {
    await this.file.close();
  }

  private async cutBack(): Promise<void> {
    try {
      await this.file.truncate(this.durableBytes);
    } catch {
      this.suspect = true;
    }
  }
}
