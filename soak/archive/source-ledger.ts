import { systemClock, type Clock } from '../../infra/async/clock.js';
import type { PlannedRecording } from './recording-plan.js';

/** A recording is owed if its source was available for at least this share of its link's lifetime. */
const OWED_SHARE = 1 / 3;

type Span = { readonly from: number; to: number };

/** A recording whose link has been published, and what the source has done with it. */
export type Published = {
  readonly recording: PlannedRecording;
  /** Start of the link's lifetime (ms since the epoch). */
  readonly at: number;
  /** Requests that were answered with bytes. */
  transfers: number;
  /** Transfers that continued where another was cut. */
  resumed: number;
  cuts: number;
  refused: number;
  /** Whether all bytes have been delivered within the link's lifetime. */
  isServed: boolean;
};

/** Records the requests to the source, and when it was down. */
export class SourceLedger {
  readonly published: Published[] = [];
  /** Requests after the end of their link's lifetime. */
  expired = 0;
  private readonly downtimes: Span[] = [];

  constructor(private readonly clock: Clock = systemClock) {}

  publish(recording: PlannedRecording): Published {
    const at = this.clock.now();
    const entry = { recording, at, transfers: 0, resumed: 0, cuts: 0, refused: 0, isServed: false };
    this.published.push(entry);
    return entry;
  }

  get isDown(): boolean {
    return this.downtimes.some(({ to }) => to === Infinity);
  }

  goDown(): void {
    this.downtimes.push({ from: this.clock.now(), to: Infinity });
  }

  /** Ends one downtime. The source stays down while another one lasts. */
  comeBack(): void {
    const oldest = this.downtimes.find(({ to }) => to === Infinity);
    if (oldest !== undefined) oldest.to = this.clock.now();
  }

  /** Whether the archive has no excuse for losing the recording. */
  isOwed(entry: Published, lifetimeMs: number): boolean {
    return this.upMs(entry, lifetimeMs) >= OWED_SHARE * lifetimeMs;
  }

  /** How long the recording was available during its link's lifetime (ms). */
  upMs({ recording, at }: Published, lifetimeMs: number): number {
    const [from, to] = recording.behaviour.downMs;
    const spans = [...this.downtimes, { from: at + from, to: at + to }].sort((a, b) => a.from - b.from);
    const end = at + lifetimeMs;
    let upMs = 0;
    let reached = at;
    for (const span of spans) {
      upMs += Math.max(0, Math.min(span.from, end) - reached);
      reached = Math.max(reached, Math.min(span.to, end));
    }
    return upMs + Math.max(0, end - reached);
  }
}
