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

/** Moves all segments from one folder to another. This process must have locked both. @throws Error of the file system. */
export async function moveSegments(fs: SpoolFs, from: string, to: string): Promise<void> {
  await fs.makeDir(to);
  // The salts make the names unique.
  for (const name of await segmentFiles(fs, from)) await fs.rename(join(from, name), join(to, name));
  await fs.syncDir(to);
}

/**
 * Moves all segments of a folder into a spool in use, oldest first. This process must have locked the folder.
 * @throws Error of the file system: the segments that have not been moved are still in the folder.
 */
export async function adoptSegments(fs: SpoolFs, dir: string, spool: Spool, logger: Logger): Promise<void> {
  await fs.makeDir(dir);
  const found = await findSegments(fs, dir);
  for (const segment of found) {
    await scanSegment(fs, dir, segment, logger);
    await spool.adopt(join(dir, segmentFileName(segment.name)), segment);
  }
  if (found.length > 0) logger.info({ dir, segments: found.length }, "adopted a former worker's spool, draining it");
}
