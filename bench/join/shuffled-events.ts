import type { Random } from '../../lab/random.js';
import { CALL_EVENTS, type CallEvent, type NumberedEvent } from './call-sessions.js';

/**
 * The given events of sessions `from` up to `to` (exclusive), out of order as in a busy log: each is drawn at random from a window of
 * sessions in progress.
 */
export function* shuffledEvents(
  { from, to }: { readonly from: number; readonly to: number },
  events: readonly CallEvent[],
  windowSessions: number,
  random: Random,
): Generator<NumberedEvent> {
  const window: NumberedEvent[] = [];
  const draw = (): NumberedEvent | undefined => {
    const index = Math.floor(random() * window.length);
    const drawn = window[index];
    const last = window.pop();
    if (last !== undefined && index < window.length) window[index] = last;
    return drawn;
  };
  for (let session = from; session < to; session += 1) {
    for (const event of events) {
      window.push({ session, event });
      if (window.length < windowSessions * events.length) continue;
      const drawn = draw();
      if (drawn !== undefined) yield drawn;
    }
  }
  for (let drawn = draw(); drawn !== undefined; drawn = draw()) yield drawn;
}

/**
 * Reorders the events within each session so that one that completes it comes last, alternating between the two that can. The joined
 * record then waits for the session's last event.
 */
export function* completedByTheLast(events: Iterable<NumberedEvent>): Generator<NumberedEvent> {
  const drawn = new Map<number, number>();
  const [ended, callEnded, archived, finalized] = CALL_EVENTS;
  for (const { session } of events) {
    const before = drawn.get(session) ?? 0;
    drawn.set(session, before + 1);
    const order = session % 2 === 0 ? [ended, callEnded, archived, finalized] : [callEnded, ended, finalized, archived];
    yield { session, event: order[before] ?? finalized };
  }
}
