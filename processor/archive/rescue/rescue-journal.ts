import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What is known of a recording without its link: enough to upload and report a file that an earlier process has left. */
export type RescuedRecording = {
  readonly sessionId: string;
  readonly projectId: string;
  readonly readyAt: string;
  /** Both in ms since the epoch. */
  readonly spooledAt: number;
  readonly receivedAt: number;
};

const NAME = /^([0-9a-f]{64})\.json$/;

/**
 * The recordings that a rescue works on, one small file each. Their announcements leave the spool as soon as Kafka is back, but their
 * files may still wait for the object store, and the manifests of the files name no session.
 */
export class RescueJournal {
  constructor(private readonly dir: string) {}

  /** @param fingerprint of the recording, see `RecordingJob`. @throws Error of the file system. */
  async add(fingerprint: string, recording: RescuedRecording): Promise<void> {
    const path = this.pathOf(fingerprint);
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    await writeFile(`${path}.draft`, JSON.stringify(recording), { mode: 0o600 });
    await rename(`${path}.draft`, path);
  }

  /** An entry that cannot be removed is removed after the next start. */
  async remove(fingerprint: string): Promise<void> {
    await rm(this.pathOf(fingerprint), { force: true }).catch(() => undefined);
  }

  /** The entries that earlier processes have left, by fingerprint. Empty while the folder cannot be read. */
  async entries(): Promise<Map<string, RescuedRecording>> {
    const found = new Map<string, RescuedRecording>();
    for (const name of await readdir(this.dir).catch(() => [])) {
      const [, fingerprint] = NAME.exec(name) ?? [];
      const recording = fingerprint && (await read(join(this.dir, name)));
      if (fingerprint !== undefined && recording) found.set(fingerprint, recording);
      else await rm(join(this.dir, name), { force: true }).catch(() => undefined);
    }
    return found;
  }

  private pathOf(fingerprint: string): string {
    return join(this.dir, `${fingerprint}.json`);
  }
}

async function read(path: string): Promise<RescuedRecording | undefined> {
  try {
    const parsed = JSON.parse(await readFile(path, 'utf8')) as Partial<Record<keyof RescuedRecording, unknown>>;
    const { sessionId, projectId, readyAt, spooledAt, receivedAt } = parsed;
    if (typeof sessionId !== 'string' || typeof projectId !== 'string' || typeof readyAt !== 'string') return undefined;
    if (typeof spooledAt !== 'number' || typeof receivedAt !== 'number') return undefined;
    return { sessionId, projectId, readyAt, spooledAt, receivedAt };
  } catch {
    return undefined;
  }
}
