import type { Random } from '../soak/ingress/random.js';
import type { CallEvent, NumberedEvent } from './call-sessions.js';

/**
 * The given events of sessions `from` up to `to`, out of order as they are in a busy log: each is drawn from a window of so many
 * sessions that have begun and not ended.
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
