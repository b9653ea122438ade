import { Latencies, type LatencySummary } from '../load/latencies.js';

/** Times from the send of a session's last event to the sight of its joined record. All times are of one clock, in ms. */
export class LatencyLedger {
  private readonly sends = new Map<string, { count: number; lastAt: number }>();
  private readonly sights = new Map<string, number>();
  private readonly latencies = new Latencies();
  private measured = 0;

  /**
   * @param eventsPerSession how many sends make a session complete.
   * @param recordsPerSession at which sight of its key a session counts as seen.
   * @param warmUpSessions are not counted: so many of the first that are seen.
   */
  constructor(
    private readonly eventsPerSession: number,
    private readonly recordsPerSession: number,
    private readonly warmUpSessions: number,
  ) {}

  sent(sessionId: string, atMs: number): void {
    const known = this.sends.get(sessionId);
    this.sends.set(sessionId, { count: (known?.count ?? 0) + 1, lastAt: atMs });
  }

  /** @throws Error when the record is there before its last event was sent: then something else is measured. */
  seen(sessionId: string, atMs: number): void {
    const sights = (this.sights.get(sessionId) ?? 0) + 1;
    this.sights.set(sessionId, sights);
    if (sights !== this.recordsPerSession) return;
    const send = this.sends.get(sessionId);
    if (send?.count !== this.eventsPerSession) throw new Error(`${sessionId} is joined before it was sent`);
    this.measured += 1;
    if (this.measured > this.warmUpSessions) this.latencies.add(atMs - send.lastAt);
  }

  /** Sessions that were seen, those of the warm-up included. */
  get sessionsSeen(): number {
    return this.measured;
  }

  summary(): LatencySummary {
    return this.latencies.summary();
  }
}
