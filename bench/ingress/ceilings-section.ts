import { figure } from '../report/figures.js';
import type { Section } from '../report/section.js';
import { ratioOf, spreadOf } from '../report/spread.js';
import { ECHO, OURS } from './contenders.js';
import type { IngressFigures } from './ingress-figures.js';
import type { Throughput } from './server-under-load.js';

const OUR_SERIES = 'ingress, one generator';
const ECHO_SERIES = 'echo, one generator';
const ECHO_SERIES_OF_TWO = 'echo, two generators';

/** Shows that neither the load generator nor the broker was the limit of the ingress section. */
export function ceilingsSection({ results, ceilings, eventBytes }: IngressFigures): Section {
  const ours = results.get(OURS) ?? [];
  const echo = results.get(ECHO) ?? [];
  const twoGenerators = ceilings.map((ceiling) => ceiling.twoGenerators);
  const written = ceilings.map((ceiling) => ceiling.written);
  const brokerMicros = ours.map((r) => r.brokerMicrosPerEvent);
  const generator = spreadOf(ours.map((r) => percentOfCore(r, r.loadMicrosPerEvent))).median;
  const broker = spreadOf(ours.map((r) => percentOfCore(r, r.brokerMicrosPerEvent))).median;
  const isBrokerKnown = !Number.isNaN(broker);
  return {
    id: 'ceilings',
    title: 'What is not measured: load generator and broker',
    method: `The load generator alone, against the echo, with its 256 connections in one process and in two; and Kafka's own tools on the same broker with
records of the same size: ProducerPerformance (one producer, acks=all, idempotent, batches of 256 KiB), ConsumerPerformance. While the
ingress was measured, one generator used ${figure(generator)} % of a core${isBrokerKnown ? `, the broker ${figure(broker)} %` : ''}. A generator is
single-threaded, so below 100 % it was waiting for the ingress. All of them share the machine: the ingress cannot have what they use.`,
    measures: [
      {
        id: 'ceiling',
        title: 'At most',
        unit: 'a second',
        better: 'higher',
        samples: {
          [OUR_SERIES]: rates(ours),
          [ECHO_SERIES]: rates(echo),
          [ECHO_SERIES_OF_TWO]: rates(twoGenerators),
          'ProducerPerformance, records': written,
          'ConsumerPerformance, records': ceilings.map(({ read }) => read),
        },
      },
      {
        id: 'generator',
        title: 'CPU of the load',
        unit: '% of a core',
        better: 'lower',
        samples: {
          [OUR_SERIES]: ours.map((r) => percentOfCore(r, r.loadMicrosPerEvent)),
          [ECHO_SERIES]: echo.map((r) => percentOfCore(r, r.loadMicrosPerEvent)),
          [ECHO_SERIES_OF_TWO]: twoGenerators.map((r) => percentOfCore(r, r.loadMicrosPerEvent)),
        },
      },
      ...(isBrokerKnown
        ? [
            {
              id: 'broker-cpu',
              title: 'CPU of the broker an event',
              unit: 'µs',
              better: 'lower' as const,
              samples: { [OUR_SERIES]: brokerMicros },
            },
          ]
        : []),
      {
        id: 'event-bytes',
        title: 'An event in the log',
        unit: 'bytes',
        better: 'lower',
        samples: { [OUR_SERIES]: [eventBytes] },
      },
    ],
    ratios: [
      ratioOf('events/s, one generator on the echo to one on the ingress', rates(echo), rates(ours)),
      ratioOf(
        'ProducerPerformance to the ingress',
        written,
        ceilings.map((ceiling) => ceiling.ours),
      ),
    ],
    curves: [],
    faults: [],
  };
}

function rates(turns: readonly Throughput[]): number[] {
  return turns.map((r) => r.eventsPerSecond);
}

function percentOfCore({ eventsPerSecond }: Throughput, microsPerEvent: number): number {
  return (microsPerEvent * eventsPerSecond) / 10_000;
}
