import { seededRandom } from '../../lab/random.js';
import { CALL_EVENTS, expectedComplete, type ExpectedComplete, type NumberedEvent } from './call-sessions.js';
import { shuffledEvents } from './shuffled-events.js';

const WINDOW_SESSIONS = 2_000;
const SEED = 7;
const SETTLES = bitOf('session.finalized') | bitOf('recording.archived');

/** The events of so many call sessions, always in the same order, and what a join must say of them in that order. */
export class Backlog {
  /** Events by session, as bits, that stand in the log up to the one which completes the session. */
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

  /** What is joined of a session once it is finalized and its recording settled: later events are not in it. */
  expected(session: number): ExpectedComplete {
    const seen = this.seen[session] ?? 0;
    return expectedComplete(session, (event) => (seen & bitOf(event)) !== 0);
  }
}

function bitOf(event: NumberedEvent['event']): number {
  return 1 << CALL_EVENTS.indexOf(event);
}
