import { COMPRESSION_TYPES } from '../../infra/kafka/compression/codec.js';
import { samplesOf, type Section } from '../report/section.js';
import { ratioOf } from '../report/spread.js';
import type { Writing } from './measure-writing.js';

/** @param results by `<compression> at <rate> events/s`. */
export function compressionSection(
  results: ReadonlyMap<string, readonly Writing[]>,
  rates: readonly number[],
  turnMs: number,
): Section {
  const of = (type: string, rate: number) =>
    (results.get(`${type} at ${rate} events/s`) ?? []).map(({ eventBytes }) => eventBytes);
  return {
    id: 'compression',
    title: 'Compression of events',
    method: `The producer of the ingress writes the events of interleaved calls (some 550 bytes each) with \`KAFKA_COMPRESSION\` none, gzip, snappy, lz4 and zstd, at steady
rates, to 6 partitions, with its usual wait of 5 ms for a batch. Each writes for ${turnMs / 1_000} s a round, after a turn that does not count. Bytes are
those of the broker's log, with the overhead of batches. CPU is that of the process that writes, whose events are created in it too, and of the
broker, which decompresses what it checks: compare with *none* at the same rate. All partitions of a quiet system get batches of one event or two.`,
    measures: [
      {
        id: 'compression-bytes',
        title: 'An event in the log',
        unit: 'bytes',
        better: 'lower',
        samples: samplesOf(results, ({ eventBytes }) => eventBytes),
      },
      {
        id: 'compression-cpu',
        title: 'CPU of the writer an event',
        unit: 'µs',
        better: 'lower',
        samples: samplesOf(results, ({ cpuMicros }) => cpuMicros),
      },
      {
        id: 'compression-broker-cpu',
        title: 'CPU of the broker an event',
        unit: 'µs',
        better: 'lower',
        samples: samplesOf(results, ({ brokerMicros }) => brokerMicros),
      },
    ],
    ratios: rates.flatMap((rate) =>
      COMPRESSION_TYPES.filter((type) => type !== 'none').map((type) =>
        ratioOf(`bytes an event at ${rate} events/s, ${type} to none`, of(type, rate), of('none', rate)),
      ),
    ),
    curves: [],
    faults: [],
  };
}
