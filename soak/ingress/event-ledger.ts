import { EVENTS_PER_SESSION } from './numbered-events.js';

/** The answer to an event. `kafka`, `spool`: 2xx, stored there; `other`: another status; `none`: the connection broke before the answer. */
export type Outcome = 'kafka' | 'spool' | 'other' | 'none';

/** Counts of one phase. */
export type Tally = Record<Outcome, number> & {
  sent: number;
  /** Events answered 2xx that are not in the topic. */
  missing: number;
  /** Events answered 2xx whose first record is behind that of a later event of the session that was also answered 2xx. */
  outOfOrder: number;
  /** Further records of an event after its first. */
  duplicates: number;
  /** Events in the topic that were not answered 2xx. */
  arrivedUnanswered: number;
};

const PHASE_SHIFT = 3;
const ACKNOWLEDGED = 1;
const SEEN = 2;

/** Records what was sent, answered and read back, in one byte for each event and one for each session. */
export class EventLedger {
  /** Records that do not equal any event that was sent. */
  unknownRecords = 0;
  /** By event: its phase, and the flags ACKNOWLEDGED and SEEN. */
  private events = new Uint8Array(1 << 20);
  /** By session: one more than the highest number of its acknowledged events seen so far. */
  private sessions = new Uint8Array(0);
  private highest = -1;
  private readonly tallies: Tally[] = [];

  /** Begins a phase, to which events sent from now on belong. Returns its tally, which continues to change. */
  beginPhase(): Tally {
    const tally = {
      sent: 0,
      kafka: 0,
      spool: 0,
      other: 0,
      none: 0,
      missing: 0,
      outOfOrder: 0,
      duplicates: 0,
      arrivedUnanswered: 0,
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
    // One more than the phase's index, because 0 means that the event was not sent.
    this.events[event] = this.tallies.length << PHASE_SHIFT;
    this.tally(event).sent += 1;
  }

  answered(event: number, outcome: Outcome): void {
    this.tally(event)[outcome] += 1;
    if (outcome === 'kafka' || outcome === 'spool') this.mark(event, ACKNOWLEDGED);
  }

  /** Counts a record of the topic. Call it in the order of each partition; `undefined`: a record that equals no event. */
  arrived(event: number | undefined): void {
    const state = event === undefined ? 0 : (this.events[event] ?? 0);
    if (event === undefined || state === 0) {
      this.unknownRecords += 1;
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

  /** Counts missing events. Call it once, after the last record. */
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
