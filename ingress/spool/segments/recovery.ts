import { join } from 'node:path';
import type { Logger } from '../../../infra/observability/logger.js';
import type { SpoolFs } from '../file-system.js';
import { newSegment, type Segment } from './segment.js';
import {
  checkSegmentHeader,
  parseSegmentFileName,
  segmentFileName,
  SEGMENT_HEADER_BYTES,
} from '../../../infra/spool/segment-files.js';
import { addStretch, SegmentReader, type Stretch } from './segment-reader.js';

/**
 * Lists the segments in a folder, oldest first, and removes empty ones. Does not count their records.
 * @throws NewerSpoolError: the program must not start. Error of the file system: try again later.
 */
export async function findSegments(fs: SpoolFs, dir: string): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const { name: fileName, bytes } of await fs.list(dir)) {
    const name = parseSegmentFileName(fileName);
    if (name === undefined) continue;
    if (bytes === 0) {
      await fs.remove(join(dir, fileName));
      continue;
    }
    const file = await fs.open(join(dir, fileName));
    try {
      checkSegmentHeader(await file.read(Math.min(SEGMENT_HEADER_BYTES, bytes), 0), join(dir, fileName));
    } finally {
      await file.close();
    }
    segments.push({ ...newSegment(name), bytes, budgetBytes: bytes });
  }
  return segments.sort((a, b) => a.name.id - b.name.id);
}

/**
 * Reads a found segment completely: counts its records, and logs and returns its damaged stretches.
 * @throws Error of the file system: try again later.
 */
export async function scanSegment(
  fs: SpoolFs,
  dir: string,
  segment: Segment,
  logger: Logger,
): Promise<readonly Stretch[]> {
  const reader = await SegmentReader.open(fs, dir, segment);
  const damages: Stretch[] = [];
  let records = 0;
  let oldestAt: number | undefined;
  try {
    for (let offset = 0; ;) {
      const slice = await reader.read(offset);
      if (slice === undefined) break;
      offset = slice.end;
      records += slice.records.length;
      oldestAt ??= slice.records[0]?.spooledAt;
      for (const damage of slice.damages) addStretch(damages, damage);
    }
  } finally {
    await reader.close();
  }
  segment.records = records;
  segment.oldestAt = oldestAt ?? segment.oldestAt;
  if (damages.length > 0) segment.keepAs = 'damaged';
  for (const { start, end } of damages) {
    logger.error(
      { file: join(dir, segmentFileName(segment.name)), offset: start, bytes: end - start },
      'damaged bytes in a spool file: their records are lost, the file will be kept aside when the others are delivered',
    );
  }
  return damages;
}
