import type { PlannedRecording } from './recording-plan.js';

/** A recording is owed when its source could be had for this share of its link's life. */
const OWED_SHARE = 1 / 3;

type Span = { readonly from: number; to: number };

/** A recording from the moment when its link began to live. */
export type Published = {
  readonly recording: PlannedRecording;
  /** When its link began to live (ms since the epoch). */
  readonly at: number;
  /** Requests that were answered with bytes, and those of them that went on where another was cut. */
  transfers: number;
  resumed: number;
  cuts: number;
  refused: number;
  /** All bytes have been handed over, within the link's life. */
  isServed: boolean;
};

/** What the source was asked for, and when it was away. */
export class SourceLedger {
  readonly published: Published[] = [];
  /** Requests after their link's life. */
  expired = 0;
  private readonly away: Span[] = [];

  publish(recording: PlannedRecording): Published {
    const entry = { recording, at: Date.now(), transfers: 0, resumed: 0, cuts: 0, refused: 0, isServed: false };
    this.published.push(entry);
    return entry;
  }

  get isAway(): boolean {
    return this.away.some(({ to }) => to === Infinity);
  }

  goAway(): void {
    this.away.push({ from: Date.now(), to: Infinity });
  }

  /** Ends one absence; it is still away while another goes on. */
  comeBack(): void {
    const longest = this.away.find(({ to }) => to === Infinity);
    if (longest !== undefined) longest.to = Date.now();
  }

  /** Whether there is no excuse for losing it. */
  isOwed(entry: Published, lifeMs: number): boolean {
    return this.upMs(entry, lifeMs) >= OWED_SHARE * lifeMs;
  }

  /** For how much of its life a recording could be had. */
  upMs({ recording, at }: Published, lifeMs: number): number {
    const [from, to] = recording.behaviour.downMs;
    const spans = [...this.away, { from: at + from, to: at + to }].sort((a, b) => a.from - b.from);
    let upMs = 0;
    let reached = at;
    for (const span of spans) {
      upMs += Math.max(0, Math.min(span.from, at + lifeMs) - reached);
      reached = Math.max(reached, Math.min(span.to, at + lifeMs));
    }
    return upMs + Math.max(0, at + lifeMs - reached);
  }
}
