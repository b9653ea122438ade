import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprintOf, isManifest, manifestPath, readManifest } from './manifest.js';

/**
 * Removes everything but complete recordings from an abandoned folder, and the folder itself when nothing remains. Complete recordings
 * wait until their `recording.ready` is read again.
 *
 * @param completedSince also removes recordings that were completed before (ms since the epoch): somebody else has settled them.
 */
export async function removeLeftovers(folder: string, completedSince: number): Promise<void> {
  const names: string[] = await readdir(folder).catch(() => []);
  const kept = new Set<string>();
  for (const name of names.filter(isManifest)) {
    const path = join(folder, name);
    const manifest = await readManifest(path);
    if (manifest === undefined || !names.includes(manifest.file)) continue;
    if ((await modifiedAt(path)) >= completedSince) kept.add(name).add(manifest.file);
  }
  for (const name of names) {
    if (!kept.has(name)) await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
  // Fails, as intended, if the folder is not empty.
  await rmdir(folder).catch(() => undefined);
}

/** Removes the complete recordings of a folder that satisfy `isObsolete`. */
export async function removeObsolete(folder: string, isObsolete: (fingerprint: string) => boolean): Promise<void> {
  const names: string[] = await readdir(folder).catch(() => []);
  for (const fingerprint of names.filter(isManifest).map(fingerprintOf)) {
    if (isObsolete(fingerprint)) await removeCopy(folder, fingerprint);
  }
}

/** Removes a complete recording, if the folder has it. Files that cannot be removed now are removed when they are too old. */
export async function removeCopy(folder: string, fingerprint: string): Promise<void> {
  const path = manifestPath(folder, fingerprint);
  const manifest = await readManifest(path);
  // First the manifest: it must not refer to a missing file.
  await rm(path, { force: true }).catch(() => undefined);
  if (manifest !== undefined) await rm(join(folder, manifest.file), { force: true }).catch(() => undefined);
}

async function modifiedAt(path: string): Promise<number> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
  return mtimeMs;
}
