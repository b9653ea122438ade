import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { AudioType } from '../recording/audio-type.js';

/** What is told beside a complete recording on disk, so that a process that knows nothing of it can take it up. Holds no link and no id. */
export type Manifest = {
  /** The recording's file in the same folder. */
  readonly file: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly audio: AudioType;
};

/** @param fingerprint of the recording, see `RecordingJob`. */
export function manifestPath(folder: string, fingerprint: string): string {
  return join(folder, `${fingerprint}.json`);
}

export function fingerprintOf(manifestName: string): string {
  return basename(manifestName, '.json');
}

export function isManifest(name: string): boolean {
  return /^[0-9a-f]{64}\.json$/.test(name);
}

/** The manifest is there as a whole or not at all. @throws Error of the file system. */
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

/** `undefined` when there is none, or none that can be understood. */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  try {
    const read: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isWellFormed(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a file is what its manifest says, to the last bit: after a power cut it may be not. */
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
    // Never a way out of the folder.
    /^\d+\.audio$/.test(file) &&
    Number.isSafeInteger(bytes) &&
    typeof sha256 === 'string' &&
    typeof contentType === 'string' &&
    typeof extension === 'string' &&
    /^[a-z0-9]{1,10}$/.test(extension)
  );
}
