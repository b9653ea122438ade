import { randomBytes } from 'node:crypto';
import type { BenchSite } from '../site/bench-site.js';
import { Bucket } from '../../lab/bucket.js';
import { cpuMs, peakMemoryMiB, residentMemoryMiB } from '../../lab/process-usage.js';
import { checkBucket } from './check-bucket.js';
import type { ArchiveContender, RecordingLink } from './contenders/contender.js';
import { DiskWatch } from './disk-watch.js';
import { recordingsOf, sessionIdOf } from './source/recording-set.js';
import { startSource, type SourceLog, type SourceOptions, type SourceProcess } from './source/source-process.js';

/** A contender that was given all recordings of a set at once, but for those of the warm-up. */
export type ArchiveResult = {
  /** From the moment when it may begin until it says that all are in the bucket. */
  readonly ms: number;
  readonly bytes: number;
  readonly cpuMs: number;
  /** Resident memory when it was ready, and its peak. */
  readonly idleMiB: number;
  readonly peakMiB: number;
  /** What it had on disk, at most. */
  readonly diskMiB: number;
  readonly source: SourceLog;
  /** Recordings of the set that were brought over before: a process that has just started compiles its code while it works. */
  readonly warmUp: number;
  /** Each a sentence. */
  readonly faults: readonly string[];
};

export type ContenderRun = SourceOptions & {
  readonly concurrency: number;
  /** See {@link ArchiveResult}. */
  readonly warmUp: number;
};

/** Lets a new process of the contender bring a set from a new source to a new bucket, checks every object, and removes all of it. */
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
      const begin = await running.announce(links.slice(warmUp));
      const startedAt = performance.now();
      await begin();
      const ms = performance.now() - startedAt;
      usage = { ms, cpuMs: cpuMs(pid) - cpuBefore, idleMiB, peakMiB: peakMemoryMiB(pid) };
    } finally {
      disk.end();
      await running.stop();
    }
    return {
      ...usage,
      warmUp,
      bytes: recordings.slice(warmUp).reduce((sum, { length }) => sum + length, 0),
      diskMiB: disk.mostMiB,
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
