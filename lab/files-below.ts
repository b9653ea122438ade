import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of all files in a folder and its subfolders; none if the folder does not exist, or one disappears meanwhile. */
export function filesBelow(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
