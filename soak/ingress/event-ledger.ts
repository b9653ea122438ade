import { EVENTS_PER_SESSION } from './numbered-events.js';

/** Where an answer 2xx says that the event is; `other`: another status; `none`: the connection broke before the answer. */
export type Outcome = 'kafka' | 'spool' | 'other' | 'none';

/** What was seen of the events of one phase. */
export type Tally = Record<Outcome, number> & {
  sent: number;
  /** Answered 2xx, and not in the topic. */
  missing: number;
  /** Answered 2xx, and its first record is behind that of a later event of its session that was answered 2xx too. */
  outOfOrder: number;
  /** Records beyond the first of an event. */
  duplicates: number;
  /** In the topic although nobody was told so. */
  arrivedUnanswered: number;
};

const PHASE_SHIFT = 3;
const ACKNOWLEDGED = 1;
const SEEN = 2;

/** Remembers each event that was sent, in one byte, and each session, in one more. */
export class EventLedger {
  /** Records that equal no event that was sent. */
  strangers = 0;
  /** By event: its phase, whether it was answered 2xx, whether it was seen in the topic. */
  private events = new Uint8Array(1 << 20);
  /** By session: one more than the highest number among its acknowledged events seen so far. */
  private sessions = new Uint8Array(0);
  private highest = -1;
  private readonly tallies: Tally[] = [];

  /** What is sent from now on belongs to a phase of its own; returns its tally, which is counted on. */
  beginPhase(): Tally {
    const tally = {
      ...{ sent: 0, kafka: 0, spool: 0, other: 0, none: 0 },
      ...{ missing: 0, outOfOrder: 0, duplicates: 0, arrivedUnanswered: 0 },
    };
    this.tallies.push(tally);
    return tally;
  }

  sent(event: number): void {
    while (event >= this.events.length) {
      const larger = new Uint8Array(this.events.length * 2);
      larger.set(this.events);
      this.events = larger;
    }
    this.highest = Math.max(this.highest, event);
    // One more than the phase's index, so that no event that was sent is 0.
    this.events[event] = this.tallies.length << PHASE_SHIFT;
    this.tally(event).sent += 1;
  }

  answered(event: number, outcome: Outcome): void {
    this.tally(event)[outcome] += 1;
    if (outcome === 'kafka' || outcome === 'spool') this.mark(event, ACKNOWLEDGED);
  }

  /** Takes the records of a partition in their order; `undefined`: equal to no event. */
  arrived(event: number | undefined): void {
    const state = event === undefined ? 0 : (this.events[event] ?? 0);
    if (event === undefined || state === 0) {
      this.strangers += 1;
      return;
    }
    const tally = this.tally(event);
    if ((state & SEEN) !== 0) {
      tally.duplicates += 1;
      return;
    }
    this.mark(event, SEEN);
    if ((state & ACKNOWLEDGED) === 0) {
      tally.arrivedUnanswered += 1;
      return;
    }
    if (this.sessions.length === 0) this.sessions = new Uint8Array(Math.ceil((this.highest + 1) / EVENTS_PER_SESSION));
    const session = Math.floor(event / EVENTS_PER_SESSION);
    const place = (event % EVENTS_PER_SESSION) + 1;
    if (place < (this.sessions[session] ?? 0)) tally.outOfOrder += 1;
    else this.sessions[session] = place;
  }

  /** Counts what is missing; call it once, after the last record. */
  close(): void {
    for (let event = 0; event <= this.highest; event += 1) {
      const state = this.events[event] ?? 0;
      if ((state & ACKNOWLEDGED) !== 0 && (state & SEEN) === 0) this.tally(event).missing += 1;
    }
  }

  private mark(event: number, bit: number): void {
    this.events[event] = (this.events[event] ?? 0) | bit;
  }

  private tally(event: number): Tally {
    const tally = this.tallies[((this.events[event] ?? 0) >> PHASE_SHIFT) - 1];
    if (tally === undefined) throw new Error(`event ${event} was never sent`);
    return tally;
  }
}
