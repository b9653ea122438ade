import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { SENDER_EVENTS, type SenderEvent } from '../schemas/validators.js';
import type { DependencyFaults } from './readiness/prepare-delivery.js';
import type { SpoolObserver, SpoolState } from './delivery/spool-observer.js';
import type { StoragePlace } from './record.js';

/** Why a request was rejected before its body was judged. */
export type RejectionReason =
  'unauthorized' | 'framing' | 'too_large' | 'head_too_large' | 'too_slow' | 'overload' | 'aborted';

/** What an accepted event has that the vendor does not document. */
export const DEVIATIONS = [
  'null_call_status',
  'null_call_duration',
  'null_recording_url',
  'null_reason',
  'other_reason',
  'undocumented_call_status',
] as const;
export type Deviation = (typeof DEVIATIONS)[number];

/** The outcome of a body: where an event is stored, that it is a dead letter, or that it could not be stored. */
export type EventOutcome = StoragePlace | 'dead_letter' | 'refused';

/** Values that are read at each scrape. */
export type Gauges = {
  readonly requestsInFlight: () => number;
  readonly openConnections: () => number;
  readonly bytesInFlight: () => number;
  readonly recordsPending: () => number;
  readonly ready: () => boolean;
  readonly partitionsUnavailable: () => number;
  readonly spool: () => SpoolState;
  readonly dependencyFaults: () => DependencyFaults;
};

/** Label for a body without a known event name: senders must not choose label values. */
const UNKNOWN = 'unknown';

const ACK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The metrics of one ingress process. All label values are from fixed lists. */
export class IngressMetrics implements SpoolObserver {
  readonly registry = new Registry();
  private readonly events: Counter<'event' | 'outcome'>;
  private readonly rejections: Counter<'reason'>;
  private readonly tolerations: Counter<'case'>;
  private readonly unusedConnections: Counter;
  private readonly ackSeconds: Histogram;
  private readonly spooledRecords: Counter;
  private readonly drainedRecords: Counter;
  private readonly spoolFailures: Counter<'reason'>;
  /** Cached by label pair, because finding a labelled counter costs more than incrementing it. */
  private readonly eventCounters = new Map<string, Counter.Internal>();

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.events = new Counter({
      name: 'ingress_events_total',
      help: 'Bodies received, by event and outcome; refused: could not be stored, answered 503',
      labelNames: ['event', 'outcome'],
      registers,
    });
    for (const event of SENDER_EVENTS) this.eventCounter(event, 'kafka').inc(0);
    this.rejections = new Counter({
      name: 'ingress_rejected_requests_total',
      help: 'Requests rejected or aborted before their body was judged',
      labelNames: ['reason'],
      registers,
    });
    this.tolerations = new Counter({
      name: 'ingress_tolerated_total',
      help: 'Deviations from what the vendor documents, in events that were accepted all the same',
      labelNames: ['case'],
      registers,
    });
    this.unusedConnections = new Counter({
      name: 'ingress_connections_without_request_total',
      help: 'Connections that ended before a request could be read: TCP probes, HTTP/1.0, targets in absolute form, heads beyond all limits, unused',
      registers,
    });
    for (const deviation of DEVIATIONS) this.tolerations.inc({ case: deviation }, 0);
    this.ackSeconds = new Histogram({
      name: 'ingress_ack_seconds',
      help: 'Time from the last byte of a body until it is durable',
      buckets: ACK_SECONDS,
      registers,
    });
    this.spooledRecords = new Counter({
      name: 'ingress_spooled_total',
      help: 'Records written to the spool',
      registers,
    });
    this.drainedRecords = new Counter({
      name: 'ingress_spool_drained_total',
      help: 'Records of the spool acknowledged by Kafka',
      registers,
    });
    this.spoolFailures = new Counter({
      name: 'ingress_spool_failures_total',
      help: 'Records that could not be spooled (full, io, slow, closed), damaged stretches, records rejected by Kafka even as dead letters (refused)',
      labelNames: ['reason'],
      registers,
    });
  }

  /** @param event undefined for a body without a known event name. */
  countEvent(event: SenderEvent['event'] | undefined, outcome: EventOutcome): void {
    this.eventCounter(event ?? UNKNOWN, outcome).inc();
  }

  /** @param durationMs time since the last byte of the body. */
  acknowledged(durationMs: number): void {
    this.ackSeconds.observe(durationMs / 1_000);
  }

  tolerated(deviation: Deviation): void {
    this.tolerations.inc({ case: deviation });
  }

  rejected(reason: RejectionReason): void {
    this.rejections.inc({ reason });
  }

  connectionWithoutRequest(): void {
    this.unusedConnections.inc();
  }

  spooled(): void {
    this.spooledRecords.inc();
  }

  drained(records: number): void {
    this.drainedRecords.inc(records);
  }

  spoolFailed(reason: Parameters<SpoolObserver['spoolFailed']>[0]): void {
    this.spoolFailures.inc({ reason });
  }

  watch(gauges: Gauges): void {
    this.gauge('ingress_requests_in_flight', 'Requests that are not answered yet', gauges.requestsInFlight);
    this.gauge('ingress_open_connections', 'Connections that are open', gauges.openConnections);
    this.gauge('ingress_body_bytes_in_flight', 'Bytes of bodies held in memory', gauges.bytesInFlight);
    this.gauge('ingress_queue_depth', 'Records that are not durable yet', gauges.recordsPending);
    const help = 'Partitions in trouble, whose events go to the spool while those of the others go straight to Kafka';
    this.gauge('ingress_partitions_unavailable', help, gauges.partitionsUnavailable);
    this.gauge('ingress_spool_bytes', 'Size of the spool files', () => gauges.spool().bytes);
    this.gauge('ingress_spool_records', 'Records in the spool', () => gauges.spool().records);
    this.gauge('ingress_spool_oldest_seconds', 'Age of the oldest record in the spool; 0 if empty', () => {
      return gauges.spool().oldestSeconds;
    });
    new Gauge({
      name: 'ingress_dependency_ready',
      help: '1 if what the ingress needs of a dependency is there; /readyz?verbose says what is missing',
      labelNames: ['dependency'],
      registers: [this.registry],
      collect() {
        for (const [dependency, fault] of Object.entries(gauges.dependencyFaults())) {
          this.set({ dependency }, Number(fault === undefined));
        }
      },
    });
    this.gauge('ingress_spool_available', '1 if the spool accepts records', () => Number(gauges.spool().isAvailable));
    this.gauge(
      'ingress_spool_set_aside_files',
      'Spool files set aside for a person to inspect: damaged, or with a record that Kafka rejects even as a dead letter',
      () => gauges.spool().setAsideFiles,
    );
    this.gauge('ingress_ready', '1 if events can be stored durably', () => Number(gauges.ready()));
  }

  private gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  private eventCounter(event: string, outcome: EventOutcome): Counter.Internal {
    const pair = `${event} ${outcome}`;
    let counter = this.eventCounters.get(pair);
    if (counter === undefined) this.eventCounters.set(pair, (counter = this.events.labels(event, outcome)));
    return counter;
  }
}
