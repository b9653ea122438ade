import { randomBytes } from 'node:crypto';
import type { BenchSite } from '../site/bench-site.js';
import { Bucket } from '../../lab/bucket.js';
import { cpuMs, peakMemoryMiB, residentMemoryMiB } from '../../lab/process-usage.js';
import type { ArchiveResult } from './archive-result.js';
import { checkBucket } from './check-bucket.js';
import type { ArchiveContender, RecordingLink } from './contenders/contender.js';
import { DiskWatch } from './disk-watch.js';
import { recordingsOf, sessionIdOf } from './source/recording-set.js';
import { startSource, type SourceOptions, type SourceProcess } from './source/source-process.js';

export type ContenderRun = SourceOptions & {
  readonly concurrency: number;
  /** Recordings of the set that are copied before the measurement. */
  readonly warmUp: number;
};

/** Lets a new process of the contender copy a set from a new source to a new bucket, checks every object, and removes everything. */
export async function runContender(
  site: BenchSite,
  contender: ArchiveContender,
  { concurrency, warmUp, ...options }: ContenderRun,
): Promise<ArchiveResult> {
  const recordings = recordingsOf(options.set);
  const source = await startSource(site.dir, options);
  const bucket = new Bucket(site.endpoints, `bench-${randomBytes(4).toString('hex')}`);
  try {
    const running = await contender.start({ site, source, bucket, concurrency });
    const disk = new DiskWatch(running.spillDir);
    let usage;
    try {
      const { pid } = running;
      const idleMiB = residentMemoryMiB(pid);
      const links = linksOf(source, recordings.length);
      if (warmUp > 0) await (await running.announce(links.slice(0, warmUp)))();
      const cpuBefore = cpuMs(pid);
      const start = await running.announce(links.slice(warmUp));
      const startedAt = performance.now();
      await start();
      const ms = performance.now() - startedAt;
      usage = { ms, cpuMs: cpuMs(pid) - cpuBefore, idleMiB, peakMiB: peakMemoryMiB(pid) };
    } finally {
      disk.stop();
      await running.stop();
    }
    return {
      ...usage,
      warmUp,
      bytes: recordings.slice(warmUp).reduce((sum, { length }) => sum + length, 0),
      diskMiB: disk.peakMiB,
      source: await source.log(),
      faults: await checkBucket(bucket, recordings, contender.name),
    };
  } finally {
    await source.stop();
    await bucket.remove();
  }
}

export function linksOf(source: SourceProcess, count: number): RecordingLink[] {
  return Array.from({ length: count }, (_, number) => ({ sessionId: sessionIdOf(number), url: source.link(number) }));
}
