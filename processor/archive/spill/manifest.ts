import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { AudioType } from '../recording/audio-type.js';

/** Describes a complete recording on disk, so that another process can adopt it. Contains no link and no id. */
export type Manifest = {
  /** The recording's file in the same folder. */
  readonly file: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly audio: AudioType;
};

/** Path of the manifest. @param fingerprint of the recording, see `RecordingJob`. */
export function manifestPath(folder: string, fingerprint: string): string {
  return join(folder, `${fingerprint}.json`);
}

export function fingerprintOf(manifestName: string): string {
  return basename(manifestName, '.json');
}

export function isManifest(name: string): boolean {
  return /^[0-9a-f]{64}\.json$/.test(name);
}

/** Writes a manifest atomically. @throws Error of the file system. */
export async function writeManifest(path: string, manifest: Manifest): Promise<void> {
  const draft = `${path}.${manifest.file}.draft`;
  try {
    await writeFile(draft, JSON.stringify(manifest), { mode: 0o600 });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Reads a manifest; `undefined` if it does not exist or is malformed. */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  try {
    const read: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isWellFormed(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a file has the length and hash of its manifest. After a power cut it may not. */
export async function isIntact(path: string, { bytes, sha256 }: Pick<Manifest, 'bytes' | 'sha256'>): Promise<boolean> {
  const hash = createHash('sha256');
  let length = 0;
  try {
    await pipeline(createReadStream(path), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        hash.update(chunk);
        length += chunk.length;
      }
    });
  } catch {
    return false;
  }
  return length === bytes && hash.digest('hex') === sha256;
}

function isWellFormed(value: unknown): value is Manifest {
  const { file, bytes, sha256, audio } = (value ?? {}) as Partial<Record<keyof Manifest, unknown>>;
  const { contentType, extension } = (audio ?? {}) as Partial<Record<keyof AudioType, unknown>>;
  return (
    typeof file === 'string' &&
    // Must not lead out of the folder.
    /^\d+\.audio$/.test(file) &&
    Number.isSafeInteger(bytes) &&
    typeof sha256 === 'string' &&
    typeof contentType === 'string' &&
    typeof extension === 'string' &&
    /^[a-z0-9]{1,10}$/.test(extension)
  );
}
