import { join } from 'node:path';
import type { Logger } from '../../infra/observability/logger.js';
import type { SpoolFs } from './file-system.js';
import { findSegments, scanSegment } from './segments/recovery.js';
import { parseSegmentFileName, segmentFileName } from './segments/segment-files.js';
import type { Spool } from './spool.js';

/** The names of the segment files in a folder; none if it is not there. */
export async function segmentFiles(fs: SpoolFs, dir: string): Promise<string[]> {
  await fs.makeDir(dir);
  const files = await fs.list(dir);
  return files.filter(({ name, bytes }) => bytes > 0 && parseSegmentFileName(name)).map(({ name }) => name);
}

/** Moves all segments of a folder to another, both of which this process has locked. @throws Error of the file system. */
export async function moveSegments(fs: SpoolFs, from: string, to: string): Promise<void> {
  await fs.makeDir(to);
  // Their salts make their names unlike any other.
  for (const name of await segmentFiles(fs, from)) await fs.rename(join(from, name), join(to, name));
  await fs.syncDir(to);
}

/**
 * Moves all segments of a folder that this process has locked into a spool in use, oldest first.
 * @throws Error of the file system: what has not been moved is still where it was.
 */
export async function adoptSegments(fs: SpoolFs, dir: string, spool: Spool, logger: Logger): Promise<void> {
  await fs.makeDir(dir);
  const found = await findSegments(fs, dir);
  for (const segment of found) {
    await scanSegment(fs, dir, segment, logger);
    await spool.adopt(join(dir, segmentFileName(segment.name)), segment);
  }
  if (found.length > 0) logger.info({ dir, segments: found.length }, 'took over what another worker left in its spool');
}
