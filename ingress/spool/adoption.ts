import { join } from 'node:path';
import type { Logger } from '../../infra/observability/logger.js';
import type { SpoolFs } from './file-system.js';
import { findSegments, scanSegment } from './segments/recovery.js';
import { parseSegmentFileName, segmentFileName } from '../../infra/spool/segment-files.js';
import type { Spool } from './spool.js';

/** Names of the non-empty segment files in a folder, which is created if missing. @throws Error of the file system. */
export async function segmentFiles(fs: SpoolFs, dir: string): Promise<string[]> {
  await fs.makeDir(dir);
  const files = await fs.list(dir);
  return files.filter(({ name, bytes }) => bytes > 0 && parseSegmentFileName(name)).map(({ name }) => name);
}

/**
 * Moves all segments from one folder to another. This process must have locked both. Returns their number.
 * @throws NewerSpoolError: nothing has been moved. Error of the file system: call it again to move the rest.
 */
export async function moveSegments(fs: SpoolFs, from: string, to: string): Promise<number> {
  await fs.makeDir(from);
  const segments = await findSegments(fs, from);
  await fs.makeDir(to);
  for (const { name } of segments) {
    // The salts make the names unique.
    await fs.rename(join(from, segmentFileName(name)), join(to, segmentFileName(name)));
  }
  if (segments.length > 0) await fs.syncDir(to);
  return segments.length;
}

/** What {@link adoptSegments} has taken over. */
export type Adopted = { readonly segments: number; readonly records: number; readonly damages: number };

/**
 * Moves all segments of a folder into a spool in use, oldest first, and counts their records. This process must have locked the folder.
 * @throws NewerSpoolError: nothing has been moved. Error of the file system: the segments that have not been moved are still in the
 *   folder.
 */
export async function adoptSegments(fs: SpoolFs, dir: string, spool: Spool, logger: Logger): Promise<Adopted> {
  await fs.makeDir(dir);
  const found = await findSegments(fs, dir);
  let records = 0;
  let damages = 0;
  for (const segment of found) {
    damages += (await scanSegment(fs, dir, segment, logger)).length;
    await spool.adopt(join(dir, segmentFileName(segment.name)), segment);
    records += segment.records;
  }
  return { segments: found.length, records, damages };
}
