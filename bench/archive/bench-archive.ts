import type { Section } from '../report/section.js';
import type { BenchSite } from '../site/bench-site.js';
import type { ArchiveLoad, ArchiveResult } from './archive-result.js';
import { archiveSection } from './archive-section.js';
import type { ArchiveContender } from './contenders/contender.js';
import { COPY_LOOP } from './contenders/minio-copy-loop.js';
import { ANNOUNCED_PER_REQUEST, OURS } from './contenders/our-archive.js';
import { measureRestLatency } from './rest-latency.js';
import { runContender, type ContenderRun } from './run-contender.js';
import { startsOutOfTurn } from './start-order.js';

export type ArchiveBenchOptions = {
  readonly quick: boolean;
  /** Rounds of the burst; each contender runs once a round. */
  readonly rounds: number;
  readonly site: BenchSite;
};

const KIB = 1_024;
const MIB = 1_048_576;
const MB = 1_000_000;
const CONCURRENCY = 32;
/** Recordings copied before the burst. */
const WARM_UP = 40;

const FULL: ArchiveLoad = {
  burst: {
    set: { seed: 1, count: WARM_UP + 1_000, from: 256 * KIB, to: MIB },
    bytesPerSecond: 50 * MB,
    warmUp: WARM_UP,
  },
  large: {
    set: { seed: 2, count: CONCURRENCY, from: 200 * MB, to: 200 * MB },
    streamBytesPerSecond: 4 * MB,
    warmUp: 0,
  },
  rest: { set: { seed: 3, count: 300, from: 20 * KIB, to: 20 * KIB }, everyMs: 100 },
};
const QUICK: ArchiveLoad = {
  burst: { ...FULL.burst, set: { ...FULL.burst.set, count: WARM_UP + 150 } },
  large: { ...FULL.large, set: { ...FULL.large.set, from: 8 * MB, to: 8 * MB } },
  rest: { ...FULL.rest, set: { ...FULL.rest.set, count: 50 }, everyMs: 40 },
};

/**
 * `npm run bench -- archive`: a burst of links beside a bare copy loop on the same bytes, the memory for large recordings, and the
 * time that a small recording takes at rest. Every object of both contenders is read back and compared.
 */
export async function benchArchive({ quick, rounds, site }: ArchiveBenchOptions): Promise<Section[]> {
  const load = quick ? QUICK : FULL;
  const contenders = [OURS, COPY_LOOP];
  const bursts = new Map<string, ArchiveResult[]>(contenders.map(({ name }) => [name, []]));
  const faults: string[] = [];
  const run = async (what: string, contender: ArchiveContender, options: Omit<ContenderRun, 'concurrency'>) => {
    const result = await runContender(site, contender, { ...options, concurrency: CONCURRENCY });
    site.log(`archive, ${what}: ${contender.name}: ${describe(result)}`);
    faults.push(...result.faults.map((fault) => `${what}: ${fault}`));
    return result;
  };
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of contenders) {
      const result = await run(`burst, round ${round} of ${rounds}`, contender, load.burst);
      bursts.get(contender.name)?.push(result);
    }
  }
  const large = new Map<string, ArchiveResult>();
  for (const contender of contenders) large.set(contender.name, await run('large recordings', contender, load.large));
  for (const [name, { source }] of large) {
    if (source.maxConcurrent < CONCURRENCY)
      faults.push(`large recordings: ${name}: at most ${source.maxConcurrent} were in transfer at once`);
  }
  const rest = await measureRestLatency(site, load.rest.set, load.rest.everyMs);
  faults.push(...rest.faults.map((fault) => `at rest: ${fault}`));
  const outOfTurn = (bursts.get(OURS.name) ?? []).map(({ source, warmUp }) => {
    const dues = source.starts.slice(warmUp).map((recording) => Math.floor(recording / ANNOUNCED_PER_REQUEST));
    return startsOutOfTurn(dues, CONCURRENCY);
  });
  return [archiveSection({ bursts, large, rest, outOfTurn, faults }, load)];
}

function describe({ ms, bytes, cpuMs, idleMiB, peakMiB, diskMiB, faults }: ArchiveResult): string {
  const rate = bytes / MB / (ms / 1000);
  const verdict = faults.length === 0 ? 'every object correct' : faults.join('; ');
  return (
    `${Math.round(bytes / MB)} MB in ${(ms / 1000).toFixed(1)} s, ${rate.toFixed(1)} MB/s, ${(cpuMs / 1000).toFixed(1)} s CPU, ` +
    `${Math.round(idleMiB)} MiB idle, ${Math.round(peakMiB)} MiB peak, ${Math.round(diskMiB)} MiB on disk, ${verdict}`
  );
}
