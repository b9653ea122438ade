import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { FailureReason } from './recording/failure-reason.js';
import type { Outcome } from './recording/outcome.js';

/** What the gauges show, asked for at each scrape. */
export type ArchiveGauges = {
  readonly pending: number;
  readonly downloads: number;
  readonly uploads: number;
  /** Recordings that are complete on disk and not in the store, and their bytes. */
  readonly spilled: number;
  readonly spilledBytes: number;
  /** Until the next living link dies (ms); `undefined` when none waits. */
  readonly tightestMs: number | undefined;
};

/** Negative: the link was dead. The default life of a link is 900 s. */
const SECONDS_LEFT = [0, 5, 15, 30, 60, 120, 240, 360, 480, 600, 720, 840, 870, 890];

/** What an operator watches of the archive. */
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
    this.bytes = new Counter({ name: 'archive_bytes_total', help: 'Bytes brought to the store.', registers });
    this.failedAttempts = new Counter({
      name: 'archive_failed_attempts_total',
      help: 'Tries to download or store that failed, by reason; most are tried again.',
      labelNames: ['reason'],
      registers,
    });
    this.secondsLeftAtStart = new Histogram({
      name: 'archive_seconds_left_at_start',
      help: "Life left in a recording's link when its first download began.",
      buckets: SECONDS_LEFT,
      registers,
    });
    this.secondsLeftAtFinish = new Histogram({
      name: 'archive_seconds_left_at_finish',
      help: "Life left in a recording's link when its download was complete.",
      buckets: SECONDS_LEFT,
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
    gauge('archive_pending_recordings', 'Recordings taken up and not settled.', () => gauges().pending);
    gauge('archive_active_downloads', 'Downloads under way.', () => gauges().downloads);
    gauge('archive_active_uploads', 'Uploads under way.', () => gauges().uploads);
    gauge('archive_spilled_recordings', 'On disk and not in the store.', () => gauges().spilled);
    gauge('archive_spilled_bytes', 'Bytes on disk and not in the store.', () => gauges().spilledBytes);
    gauge(
      'archive_tightest_deadline_seconds',
      'Until the next link dies that is not downloaded; NaN when none waits.',
      () => (gauges().tightestMs ?? Number.NaN) / 1_000,
    );
  }

  noteSettled(outcome: Outcome): void {
    switch (outcome.kind) {
      case 'archived':
        this.recordings.inc({ outcome: 'archived', reason: outcome.alreadyThere ? 'already_there' : 'stored' });
        if (!outcome.alreadyThere) this.bytes.inc(outcome.object.bytes);
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
