import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Suffix of a segment that is kept for a person to inspect: see `Segment.keepAs`. */
const SET_ASIDE = /\.spool\.(damaged|refused)-\d+$/;

/** Paths of the files below a folder that were set aside; empty if it cannot be read. */
export async function setAsideFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && SET_ASIDE.test(entry.name));
  return files.map(({ parentPath, name }) => join(parentPath, name)).sort();
}
