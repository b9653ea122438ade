import { Latencies, type LatencySummary } from '../load/latencies.js';

/** Times from sending a session's last event to seeing its joined record. All times come from one clock, in ms. */
export class LatencyLedger {
  private readonly sends = new Map<string, { count: number; lastAt: number }>();
  private readonly records = new Map<string, number>();
  private readonly latencies = new Latencies();
  private sessions = 0;

  /**
   * @param eventsPerSession number of sends that complete a session.
   * @param recordsPerSession number of records of a key after which its session counts as seen.
   * @param warmUpSessions number of sessions, the first that are seen, whose latency does not count.
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

  /** @throws Error when a session is seen before its last event was sent: the measurement is wrong then. */
  seen(sessionId: string, atMs: number): void {
    const records = (this.records.get(sessionId) ?? 0) + 1;
    this.records.set(sessionId, records);
    if (records !== this.recordsPerSession) return;
    const send = this.sends.get(sessionId);
    if (send?.count !== this.eventsPerSession)
      throw new Error(`${sessionId} was joined before its last event was sent`);
    this.sessions += 1;
    if (this.sessions > this.warmUpSessions) this.latencies.add(atMs - send.lastAt);
  }

  /** Sessions seen so far, those of the warm-up included. */
  get sessionsSeen(): number {
    return this.sessions;
  }

  summary(): LatencySummary {
    return this.latencies.summary();
  }
}
