import { samplesOf, type Measure, type Section } from '../report/section.js';
import { ratioOf } from '../report/spread.js';
import type { ArchiveLoad, ArchiveResult } from './archive-result.js';
import { COPY_LOOP } from './contenders/minio-copy-loop.js';
import { OURS } from './contenders/our-archive.js';
import type { RestLatency } from './rest-latency.js';

export type ArchiveFigures = {
  /** By contender, one a round. */
  readonly bursts: ReadonlyMap<string, readonly ArchiveResult[]>;
  readonly large: ReadonlyMap<string, ArchiveResult>;
  readonly rest: RestLatency;
  /** Recordings that started out of turn, one count a round. */
  readonly outOfTurn: readonly number[];
  readonly faults: readonly string[];
};

const MB = 1_000_000;

/** The archive's figures as a section of the report. */
export function archiveSection(figures: ArchiveFigures, load: ArchiveLoad): Section {
  const { bursts, rest, outOfTurn, faults } = figures;
  const large = new Map([...figures.large].map(([name, result]) => [name, [result]]));
  const throughput = samplesOf(bursts, ({ bytes, ms }) => bytes / MB / (ms / 1000));
  const cpu = samplesOf(bursts, ({ bytes, cpuMs }) => cpuMs / 1000 / (bytes / 1000 / MB));
  const peaks = samplesOf(bursts, ({ peakMiB }) => peakMiB);
  const growth = samplesOf(large, ({ peakMiB, idleMiB }) => peakMiB - idleMiB);
  const disk = samplesOf(large, ({ diskMiB }) => diskMiB);
  return {
    id: 'archive',
    title: 'Archive',
    method: method(load),
    measures: [
      { id: 'burst-throughput', title: 'Burst: throughput', unit: 'MB/s', better: 'higher', samples: throughput },
      lower('burst-cpu', 'Burst: CPU', 's/GB', cpu),
      lower('burst-memory', 'Burst: peak memory', 'MiB', peaks),
      {
        ...lower('burst-order', 'Burst: recordings started out of turn', 'recordings', { [OURS.name]: outOfTurn }),
        asked: { atMost: 0 },
      },
      { ...lower('large-memory', 'Large recordings: memory above idle', 'MiB', growth), asked: { atMost: 150 } },
      lower('large-disk', 'Large recordings: peak on disk', 'MiB', disk),
      lower('rest-object-p50', 'At rest: until the object is stored, p50', 'ms', ours(rest.toObject.p50)),
      lower('rest-object-p99', 'At rest: until the object is stored, p99', 'ms', ours(rest.toObject.p99)),
      lower('rest-outcome-p50', 'At rest: until the outcome is in the log, p50', 'ms', ours(rest.toOutcome.p50)),
      lower('rest-outcome-p99', 'At rest: until the outcome is in the log, p99', 'ms', ours(rest.toOutcome.p99)),
    ],
    ratios: [
      ratio(`Burst: throughput compared with a ${COPY_LOOP.name}`, throughput, { atLeast: 0.8 }),
      ratio(`Burst: CPU compared with a ${COPY_LOOP.name}`, cpu),
    ],
    curves: [],
    faults,
  };
}

function lower(id: string, title: string, unit: string, samples: Measure['samples']): Measure {
  return { id, title, unit, better: 'lower', samples };
}

function ours(value: number): Measure['samples'] {
  return { [OURS.name]: [value] };
}

function ratio(title: string, samples: Measure['samples'], asked?: { readonly atLeast: number }) {
  return ratioOf(title, samples[OURS.name] ?? [], samples[COPY_LOOP.name] ?? [], asked);
}

function method({ burst, large, rest }: ArchiveLoad): string {
  return (
    `Burst: ${(burst.set.count - burst.warmUp).toLocaleString('en')} links to recordings of 256 KiB to 1 MiB, announced together, from a source ` +
    `process that gives ${burst.bytesPerSecond / MB} MB/s in all. In the same rounds, a ${COPY_LOOP.name} copies the same bytes ` +
    '(`bench/peers/minio-copy.ts`: fetch, putObject with the length, 32 at once; no retry, no hash, no outcome). Both know all links ' +
    `before they start, and have copied ${burst.warmUp} others before. The archive has finished when its outcomes ` +
    'are in Kafka. A recording that starts while 32 with an earlier deadline have not started is out of turn.\n\n' +
    `Memory: ${large.set.count} recordings of ${large.set.to / MB} MB at once, each at up to ${large.streamBytesPerSecond / MB} MB/s; the ` +
    'process’s peak (VmHWM) above its resident memory when idle.\n\n' +
    `At rest: ${rest.set.count} recordings of 20 KiB, one every ${rest.everyMs} ms, from the time when recording.ready reached Kafka ` +
    '(LogAppendTime) to the object’s time in the store. Every object of every run is read back and its SHA-256 compared.'
  );
}
