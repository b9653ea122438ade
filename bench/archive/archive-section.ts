import { median } from '../../lab/median.js';
import type { Measure, Ratio, Section } from '../report/section.js';
import type { ArchiveLoad } from './bench-archive.js';
import { COPY_LOOP } from './contenders/minio-copy-loop.js';
import { OURS } from './contenders/our-archive.js';
import type { RestLatency } from './rest-latency.js';
import type { ArchiveResult } from './run-contender.js';

export type ArchiveFigures = {
  /** By contender, one a round. */
  readonly bursts: ReadonlyMap<string, readonly ArchiveResult[]>;
  readonly large: ReadonlyMap<string, ArchiveResult>;
  readonly rest: RestLatency;
  /** Recordings that began out of turn, each round. */
  readonly outOfTurn: readonly number[];
  readonly faults: readonly string[];
};

const MB = 1_000_000;

/** The bench's figures in the shape of all benches. */
export function archiveSection(figures: ArchiveFigures, load: ArchiveLoad): Section {
  const { bursts, large, rest, outOfTurn, faults } = figures;
  const burst = (pick: (result: ArchiveResult) => number) => {
    return Object.fromEntries([...bursts].map(([name, results]) => [name, results.map(pick)]));
  };
  const once = (pick: (result: ArchiveResult) => number) => {
    return Object.fromEntries([...large].map(([name, result]) => [name, [pick(result)]]));
  };
  const rates = burst(({ bytes, ms }) => bytes / MB / (ms / 1000));
  const cpu = burst(({ bytes, cpuMs }) => cpuMs / 1000 / (bytes / 1000 / MB));
  const growth = once(({ peakMiB, idleMiB }) => peakMiB - idleMiB);
  const lower = (id: string, title: string, unit: string, samples: Measure['samples']): Measure => {
    return { id, title, unit, better: 'lower', samples };
  };
  return {
    id: 'archive',
    title: 'Archive',
    method: method(load),
    measures: [
      { id: 'burst-throughput', title: 'Burst: throughput', unit: 'MB/s', better: 'higher', samples: rates },
      lower('burst-cpu', 'Burst: CPU', 's/GB', cpu),
      lower(
        'burst-memory',
        'Burst: peak memory',
        'MiB',
        burst(({ peakMiB }) => peakMiB),
      ),
      {
        ...lower('burst-order', 'Burst: recordings begun out of turn', 'recordings', { [OURS.name]: outOfTurn }),
        asked: { atMost: 0 },
      },
      { ...lower('large-memory', 'Large ones at once: memory above idle', 'MiB', growth), asked: { atMost: 150 } },
      lower(
        'large-disk',
        'Large ones at once: on disk at most',
        'MiB',
        once(({ diskMiB }) => diskMiB),
      ),
      lower('rest-object-p50', 'At rest: until the object is in the store, p50', 'ms', ours(rest.toObject.p50)),
      lower('rest-object-p99', 'At rest: until the object is in the store, p99', 'ms', ours(rest.toObject.p99)),
      lower('rest-outcome-p50', 'At rest: until the outcome is in the log, p50', 'ms', ours(rest.toOutcome.p50)),
      lower('rest-outcome-p99', 'At rest: until the outcome is in the log, p99', 'ms', ours(rest.toOutcome.p99)),
    ],
    ratios: [
      { ...ratio(`Burst: throughput to that of a ${COPY_LOOP.name}`, rates), asked: { atLeast: 0.8 } },
      ratio(`Burst: CPU to that of a ${COPY_LOOP.name}`, cpu),
    ],
    curves: [],
    faults,
  };
}

function ours(value: number): Measure['samples'] {
  return { [OURS.name]: [value] };
}

/** Ours to the other's, round by round. */
function ratio(title: string, samples: Measure['samples']): Ratio {
  const theirs = samples[COPY_LOOP.name] ?? [];
  const values = (samples[OURS.name] ?? []).map((value, round) => value / (theirs[round] ?? NaN));
  return { title, value: median(values), range: [Math.min(...values), Math.max(...values)] };
}

function method({ burst, large, rest }: ArchiveLoad): string {
  return (
    `${(burst.set.count - burst.warmUp).toLocaleString('en')} links of 256 KiB to 1 MiB that are due together, from a source that gives ` +
    `${burst.bytesPerSecond / MB} MB/s in all and is a process of its own; beside it, in the same rounds, a ${COPY_LOOP.name} ` +
    '(`bench/peers/minio-copy.ts`: fetch, putObject with the length, 32 at once; no retry, no hash, no outcome). Both know all links ' +
    `before they begin, and have brought ${burst.warmUp} others over; the archive ends when its outcomes ` +
    'are in Kafka. The order in which it begins is held to the deadlines: what begins while 32 that are due sooner have not begun is out of turn.\n\n' +
    `Memory: ${large.set.count} recordings of ${large.set.to / MB} MB at once, each at ${large.streamBytesPerSecond / MB} MB/s at most; the ` +
    'process’s peak (VmHWM) above what was resident when it was idle.\n\n' +
    `At rest: ${rest.set.count} recordings of 20 KiB, one every ${rest.everyMs} ms, from the moment when recording.ready reached Kafka ` +
    '(LogAppendTime) to the object’s time in the store. All objects of all runs are read back and their SHA-256 compared.'
  );
}
