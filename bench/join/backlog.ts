import { seededRandom } from '../../lab/random.js';
import { CALL_EVENTS, expectedComplete, type ExpectedComplete, type NumberedEvent } from './call-sessions.js';
import { shuffledEvents } from './shuffled-events.js';

const WINDOW_SESSIONS = 2_000;
const SEED = 7;
const SETTLES = bitOf('session.finalized') | bitOf('recording.archived');

/** The events of a number of call sessions, always in the same order, and the records that a join must write for that order. */
export class Backlog {
  /** For each session, as bits: its events in the log up to the one that completes it. */
  private readonly seen: Uint8Array;

  constructor(readonly sessions: number) {
    this.seen = new Uint8Array(sessions);
    for (const { session, event } of this.events()) {
      const seen = this.seen[session] ?? 0;
      if ((seen & SETTLES) !== SETTLES) this.seen[session] = seen | bitOf(event);
    }
  }

  events(): Generator<NumberedEvent> {
    return shuffledEvents({ from: 0, to: this.sessions }, CALL_EVENTS, WINDOW_SESSIONS, seededRandom(SEED));
  }

  /** The joined record of a session. It completes once it is finalized and its recording settled; later events are not in it. */
  expected(session: number): ExpectedComplete {
    const seen = this.seen[session] ?? 0;
    return expectedComplete(session, (event) => (seen & bitOf(event)) !== 0);
  }
}

function bitOf(event: NumberedEvent['event']): number {
  return 1 << CALL_EVENTS.indexOf(event);
}
