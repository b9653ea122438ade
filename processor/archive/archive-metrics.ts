import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { FailureReason } from './recording/failure-reason.js';
import type { Outcome } from './recording/outcome.js';

/** Values of the gauges, read at each scrape. */
export type ArchiveGauges = {
  readonly pending: number;
  readonly downloads: number;
  readonly uploads: number;
  /** Recordings that are complete on disk and not in the object store, and their bytes. */
  readonly spilled: number;
  readonly spilledBytes: number;
  /** Time (ms) until the next download is given up; `undefined` if none is pending. */
  readonly tightestMs: number | undefined;
};

/** Bucket 0 holds links that had expired. The default lifetime of a link is 900 s. */
const SECONDS_LEFT_BUCKETS = [0, 5, 15, 30, 60, 120, 240, 360, 480, 600, 720, 840, 870, 890];

/** Metrics of the archive, explained in docs/archive.md. */
export class ArchiveMetrics {
  private readonly recordings;
  private readonly bytes;
  readonly failedAttempts;
  readonly secondsLeftAtStart;
  readonly secondsLeftAtFinish;

  constructor(registry: Registry, gauges: () => ArchiveGauges) {
    const registers = [registry];
    this.recordings = new Counter({
      name: 'archive_recordings_total',
      help: 'Recordings settled, by outcome (archived, failed) and reason.',
      labelNames: ['outcome', 'reason'],
      registers,
    });
    this.bytes = new Counter({ name: 'archive_bytes_total', help: 'Bytes uploaded to the object store.', registers });
    this.failedAttempts = new Counter({
      name: 'archive_failed_attempts_total',
      help: 'Failed attempts to download or upload, by reason; most are retried.',
      labelNames: ['reason'],
      registers,
    });
    this.secondsLeftAtStart = new Histogram({
      name: 'archive_seconds_left_at_start',
      help: 'Time left until the link expires when its first download started.',
      buckets: SECONDS_LEFT_BUCKETS,
      registers,
    });
    this.secondsLeftAtFinish = new Histogram({
      name: 'archive_seconds_left_at_finish',
      help: 'Time left until the link expires when its download was complete.',
      buckets: SECONDS_LEFT_BUCKETS,
      registers,
    });
    const gauge = (name: string, help: string, read: () => number): Gauge =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    gauge('archive_pending_recordings', 'Recordings read and not settled.', () => gauges().pending);
    gauge('archive_active_downloads', 'Downloads in progress.', () => gauges().downloads);
    gauge('archive_active_uploads', 'Uploads in progress.', () => gauges().uploads);
    gauge('archive_spilled_recordings', 'Recordings on disk and not in the object store.', () => gauges().spilled);
    gauge('archive_spilled_bytes', 'Bytes on disk and not in the object store.', () => gauges().spilledBytes);
    gauge(
      'archive_tightest_deadline_seconds',
      'Time until the next pending download is given up; NaN if none is pending.',
      () => (gauges().tightestMs ?? Number.NaN) / 1_000,
    );
  }

  noteSettled(outcome: Outcome): void {
    switch (outcome.kind) {
      case 'archived':
        this.recordings.inc({ outcome: 'archived', reason: outcome.alreadyStored ? 'already_there' : 'stored' });
        if (!outcome.alreadyStored) this.bytes.inc(outcome.object.bytes);
        break;
      case 'failed':
        this.recordings.inc({ outcome: 'failed', reason: outcome.reason });
        break;
      default:
        outcome satisfies never;
    }
  }

  noteFailedAttempt(reason: FailureReason): void {
    this.failedAttempts.inc({ reason });
  }
}
