import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { segmentFiles } from '../../../infra/spool/spool-follower.js';
import { parseSegmentFileName } from '../../../infra/spool/segment-files.js';

/** Folder of the {@link RescueJournal} of a spool. */
export function journalDir(root: string): string {
  return join(root, 'rescue');
}

/**
 * Whether there may be something to rescue: a segment that was begun before the given time, or notes of an earlier process.
 * As long as not, the process need not load the archive.
 */
export async function isRescueNeeded(root: string, begunBefore: number): Promise<boolean> {
  for (const name of (await segmentFiles(root)).keys()) {
    // The id is close to the time of creation.
    if ((parseSegmentFileName(name)?.id ?? Infinity) <= begunBefore) return true;
  }
  const notes: string[] = await readdir(journalDir(root)).catch(() => []);
  return notes.length > 0;
}
