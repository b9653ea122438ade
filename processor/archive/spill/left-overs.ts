import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprintOf, isManifest, manifestPath, readManifest } from './manifest.js';

/**
 * Removes from a folder that nobody works in whatever is not a complete recording, and the folder itself when nothing remains. Complete ones
 * wait for whoever reads their `recording.ready` again.
 *
 * @param mostAgeMs complete recordings that have waited for longer go too: someone else has settled them.
 */
export async function removeLeftOvers(folder: string, mostAgeMs: number): Promise<void> {
  const names: string[] = await readdir(folder).catch(() => []);
  const kept = new Set<string>();
  for (const name of names.filter(isManifest)) {
    const path = join(folder, name);
    const manifest = await readManifest(path);
    if (manifest === undefined || !names.includes(manifest.file) || (await ageOf(path)) > mostAgeMs) continue;
    kept.add(name).add(manifest.file);
  }
  for (const name of names) {
    if (!kept.has(name)) await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
  // Fails when something is in it, as it should.
  await rmdir(folder).catch(() => undefined);
}

/** Removes the complete recordings of a folder that `isNeedless` holds for. */
export async function removeNeedless(folder: string, isNeedless: (fingerprint: string) => boolean): Promise<void> {
  const names: string[] = await readdir(folder).catch(() => []);
  for (const fingerprint of names.filter(isManifest).map(fingerprintOf)) {
    if (isNeedless(fingerprint)) await removeCopy(folder, fingerprint);
  }
}

/** Removes a complete recording, if there is one. What cannot be removed now waits for its age. */
export async function removeCopy(folder: string, fingerprint: string): Promise<void> {
  const path = manifestPath(folder, fingerprint);
  const manifest = await readManifest(path);
  // The manifest first: it must not tell of a file that is not there.
  await rm(path, { force: true }).catch(() => undefined);
  if (manifest !== undefined) await rm(join(folder, manifest.file), { force: true }).catch(() => undefined);
}

async function ageOf(path: string): Promise<number> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
  return Date.now() - mtimeMs;
}
