import { Counter, Gauge, type Registry } from 'prom-client';
import type { RescueState } from '../../infra/spool/rescue-messages.js';

const COUNTED = ['started', 'saved', 'failed'] as const;

/** Metrics of the rescue process, as it reports them to the ingress. */
export class RescueMetrics {
  private readonly recordings: Counter<'outcome'>;
  private readonly running: Gauge;
  private readonly pending: Gauge;
  private readonly atRisk: Gauge;
  private readonly spilledBytes: Gauge;
  private last: RescueState | undefined;

  constructor(registry: Registry) {
    const registers = [registry];
    const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
    this.recordings = new Counter({
      name: 'ingress_rescue_recordings_total',
      help: 'Recordings announced during an outage of Kafka: started to fetch, saved in the object store, failed',
      labelNames: ['outcome'],
      registers,
    });
    for (const outcome of COUNTED) this.recordings.inc({ outcome }, 0);
    this.running = gauge('ingress_rescue_running', '1 while the rescue process runs');
    this.pending = gauge('ingress_rescue_pending_recordings', 'Recordings to rescue that are not downloaded yet');
    this.atRisk = gauge('ingress_rescue_recordings_at_risk', 'Recordings to rescue whose links expire soon');
    this.spilledBytes = gauge('ingress_rescue_spilled_bytes', 'Bytes rescued to disk and not in the object store yet');
  }

  processStarted(): void {
    this.running.set(1);
    // A new process counts from zero.
    this.last = undefined;
  }

  processEnded(): void {
    for (const gauge of [this.running, this.pending, this.atRisk]) gauge.set(0);
  }

  update(state: RescueState): void {
    for (const outcome of COUNTED) this.recordings.inc({ outcome }, state[outcome] - (this.last?.[outcome] ?? 0));
    this.last = state;
    this.pending.set(state.pending);
    this.atRisk.set(state.atRisk);
    this.spilledBytes.set(state.spilledBytes);
  }
}
