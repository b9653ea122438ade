import { join } from 'node:path';
import { projectRoot } from '../../../dev/local-stack/folders.js';
import { findFreeBase } from '../../../dev/local-stack/tcp-ports.js';
import { httpProbe, withReadiness } from '../../../dev/local-stack/services/readiness.js';
import { supervise } from '../../../dev/local-stack/process/supervised-process.js';
import type { RecordingSet } from './recording-set.js';

export type SourceOptions = {
  readonly set: RecordingSet;
  /** What all transfers together get; without it, as fast as they go. */
  readonly bytesPerSecond?: number;
  /** What each transfer gets. */
  readonly streamBytesPerSecond?: number;
};

export type SourceLog = {
  /** Recordings in the order in which they were asked for. */
  readonly starts: readonly number[];
  /** Transfers under way at the same time, at most. */
  readonly mostAtOnce: number;
};

/** A download server for the recordings of a set, as a process of its own. It cannot outlive this process. */
export type SourceProcess = {
  /** As `ARCHIVE_ALLOWED_HOSTS` takes it. */
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
