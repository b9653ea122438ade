import { figure, shortFigure } from '../figures.js';
import { markdownTable } from '../markdown.js';

/** Measured figures that capacity is computed from. */
export type CapacityFigures = {
  /** Events a second of one ingress worker; sessions a second of one processor. */
  readonly ingressPerSecond: number;
  readonly joinPerSecond: number;
  /** CPU of the broker for an event that the ingress writes; and for one that the join reads, its outputs included. */
  readonly brokerMicrosPerWrite: number;
  readonly brokerMicrosPerJoin: number;
  /** Size of an event in the broker's log. */
  readonly eventBytes: number;
  /** Memory of a processor for each complete session that it remembers. */
  readonly rememberedBytes: number;
};

/** Assumptions; `docs/capacity.md` lists them. */
export const ASSUMED = {
  eventsPerCall: 4,
  /** The fifth is the archive's own. */
  logEventsPerCall: 5,
  /** Ratio of the busiest second to the mean of its hour. */
  peak: 3,
  /** Used share of the measured capacity; the rest covers a failed neighbour and catching up. */
  use: 0.5,
  memoryGiBPerProcessor: 4,
  coresPerBroker: 4,
  replicas: 3,
  retentionHours: 72,
  shortRetentionHours: 6,
  logDays: 7,
  recordingSeconds: 2,
  archiveConcurrency: 32,
};

const SIZES = [1e3, 1e5, 1e7];
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** The table of `docs/capacity.md`: a row for each need with its arithmetic, a column for each number of calls an hour. */
export function capacityTable(measured: CapacityFigures): string {
  const rows = needs(measured).map(({ what, how, of }) => [what, how, ...SIZES.map((calls) => of(calls))]);
  return markdownTable([['', 'arithmetic', ...SIZES.map((calls) => `${shortFigure(calls)} calls an hour`)], ...rows]);
}

type Need = { readonly what: string; readonly how: string; readonly of: (callsPerHour: number) => string };

/** How many instances of everything are needed. */
export function instances(measured: CapacityFigures, callsPerHour: number, retentionHours: number) {
  const a = ASSUMED;
  const callsPerSecond = (callsPerHour / 3600) * a.peak;
  const workers = Math.ceil((callsPerSecond * a.eventsPerCall) / (a.use * measured.ingressPerSecond));
  const byRate = Math.ceil(callsPerSecond / (a.use * measured.joinPerSecond));
  const memoryBytes = callsPerHour * retentionHours * measured.rememberedBytes;
  const byMemory = Math.ceil(memoryBytes / (a.memoryGiBPerProcessor * GIB));
  const brokerCores = brokerCoresAt(measured, callsPerSecond);
  const processors = Math.max(2, byRate, byMemory);
  return {
    callsPerSecond,
    ingressWorkers: Math.max(2, workers),
    processors,
    memoryBytes,
    brokerCores,
    brokers: Math.max(a.replicas, Math.ceil(brokerCores / (a.use * a.coresPerBroker))),
    partitions: Math.max(6, 4 * processors),
  };
}

function brokerCoresAt(measured: CapacityFigures, callsPerSecond: number): number {
  const { eventsPerCall, logEventsPerCall, replicas } = ASSUMED;
  const micros = eventsPerCall * measured.brokerMicrosPerWrite + logEventsPerCall * measured.brokerMicrosPerJoin;
  return (callsPerSecond * micros * replicas) / 1e6;
}

function needs(m: CapacityFigures): Need[] {
  const a = ASSUMED;
  const long = (calls: number) => instances(m, calls, a.retentionHours);
  const short = (calls: number) => instances(m, calls, a.shortRetentionHours);
  return [
    {
      what: 'calls a second, at the peak',
      how: `calls ÷ 3,600 × ${a.peak}`,
      of: (calls) => figure(long(calls).callsPerSecond),
    },
    {
      what: 'ingress workers',
      how: `max(2, peak × ${a.eventsPerCall} ÷ (${a.use} × ${figure(m.ingressPerSecond)}))`,
      of: (calls) => String(long(calls).ingressWorkers),
    },
    {
      what: `memory for remembered sessions, ${a.retentionHours} h`,
      how: `calls × ${a.retentionHours} × ${figure(m.rememberedBytes)} bytes`,
      of: (calls) => bytes(long(calls).memoryBytes),
    },
    {
      what: `processors, ${a.retentionHours} h remembered`,
      how: `max(2, peak ÷ (${a.use} × ${figure(m.joinPerSecond)}), memory ÷ ${a.memoryGiBPerProcessor} GiB)`,
      of: (calls) => String(long(calls).processors),
    },
    {
      what: `processors, ${a.shortRetentionHours} h remembered`,
      how: 'the same',
      of: (calls) => String(short(calls).processors),
    },
    {
      what: 'partitions',
      how: `max(6, 4 × processors), with ${a.shortRetentionHours} h remembered`,
      of: (calls) => String(short(calls).partitions),
    },
    {
      what: 'cores of all brokers, at the peak',
      how:
        `peak × (${a.eventsPerCall} × ${figure(m.brokerMicrosPerWrite)} µs + ${a.logEventsPerCall} × ` +
        `${figure(m.brokerMicrosPerJoin)} µs) × ${a.replicas} replicas`,
      of: (calls) => figure(long(calls).brokerCores),
    },
    {
      what: `brokers of ${a.coresPerBroker} cores`,
      how: `max(${a.replicas}, cores ÷ (${a.use} × ${a.coresPerBroker}))`,
      of: (calls) => String(long(calls).brokers),
    },
    {
      what: `disk for \`session.events\`, ${a.logDays} days`,
      how: `calls × ${a.logEventsPerCall} × ${figure(m.eventBytes)} bytes × 24 × ${a.logDays} × ${a.replicas} replicas`,
      of: (calls) => bytes(calls * a.logEventsPerCall * m.eventBytes * 24 * a.logDays * a.replicas),
    },
    {
      what: 'processors with the archive role',
      how: `max(2, peak × ${a.recordingSeconds} s ÷ ${a.archiveConcurrency} at once)`,
      of: (calls) =>
        String(Math.max(2, Math.ceil((long(calls).callsPerSecond * a.recordingSeconds) / a.archiveConcurrency))),
    },
  ];
}

function bytes(value: number): string {
  if (value >= 1024 * GIB) return `${figure(value / (1024 * GIB))} TiB`;
  return value >= GIB ? `${figure(value / GIB)} GiB` : `${figure(value / MIB)} MiB`;
}
