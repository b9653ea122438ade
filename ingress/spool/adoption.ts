import { join } from 'node:path';
import type { Logger } from '../../infra/observability/logger.js';
import type { SpoolFs } from './file-system.js';
import { findSegments, scanSegment } from './recovery.js';
import { segmentFileName } from './segment-files.js';
import type { Spool } from './spool.js';

/**
 * Moves all segments of a folder that this process has locked into its own spool, oldest first.
 * @returns how many. @throws Error of the file system: what has not been moved is still where it was.
 */
export async function adoptSegments(fs: SpoolFs, dir: string, spool: Spool, logger: Logger): Promise<number> {
  await fs.makeDir(dir);
  const found = await findSegments(fs, dir);
  for (const segment of found) {
    await scanSegment(fs, dir, segment, logger);
    await spool.adopt(join(dir, segmentFileName(segment.name)), segment);
  }
  if (found.length > 0) logger.info({ dir, segments: found.length }, 'took over what another worker left in its spool');
  return found.length;
}
