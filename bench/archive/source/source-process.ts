import { join } from 'node:path';
import { projectRoot } from '../../../dev/local-stack/folders.js';
import { findFreeBase } from '../../../dev/local-stack/tcp-ports.js';
import { httpProbe, withReadiness } from '../../../dev/local-stack/services/readiness.js';
import { supervise } from '../../../dev/local-stack/process/supervised-process.js';
import type { RecordingSet } from './recording-set.js';

export type SourceOptions = {
  readonly set: RecordingSet;
  /** Shared by all transfers; absent: no limit. */
  readonly bytesPerSecond?: number;
  /** For each transfer; absent: no limit. */
  readonly streamBytesPerSecond?: number;
};

export type SourceLog = {
  /** Recordings in the order of their requests. */
  readonly starts: readonly number[];
  /** Maximum of concurrent transfers. */
  readonly maxConcurrent: number;
};

/** A download server for a set of recordings, in a process that cannot outlive this one. */
export type SourceProcess = {
  /** `host:port`, for `ARCHIVE_ALLOWED_HOSTS`. */
  readonly host: string;
  readonly link: (recording: number) => string;
  readonly log: () => Promise<SourceLog>;
  readonly stop: () => Promise<void>;
};

export async function startSource(dir: string, options: SourceOptions): Promise<SourceProcess> {
  const port = await findFreeBase();
  const host = `127.0.0.1:${port}`;
  const started = supervise({
    name: 'recording source',
    command: [
      process.execPath,
      join(projectRoot, 'dist', 'bench', 'archive', 'source', 'main.js'),
      JSON.stringify({ ...options, port }),
    ],
    env: process.env,
    logFile: join(dir, 'logs', 'source.log'),
    graceMs: 5_000,
  });
  await withReadiness(started, httpProbe(`http://${host}/readyz`), 30_000).waitReady();
  return {
    host,
    link: (recording) => `http://${host}/recordings/${recording}?signature=bench`,
    log: async () => (await fetch(`http://${host}/log`)).json() as Promise<SourceLog>,
    stop: async () => {
      await started.stop();
    },
  };
}
