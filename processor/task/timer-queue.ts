import TinyQueue from 'tinyqueue';

type Timer = { readonly dueAt: number; readonly sessionId: string };

/**
 * Sessions by the time that their timer is due. Adding and taking cost O(log n), whatever is pending.
 *
 * Nothing is ever taken out of the middle: a session whose state moved on has a newer entry, and whoever takes the old one finds
 * that the state is not due. So an entry is a hint to look, never the truth.
 */
export class TimerQueue {
  private readonly queue = new TinyQueue<Timer>([], (a, b) => a.dueAt - b.dueAt);

  add(sessionId: string, dueAt: number): void {
    this.queue.push({ sessionId, dueAt });
  }

  /** When the earliest entry is due; `undefined` when there is none. */
  nextDueAt(): number | undefined {
    return this.queue.peek()?.dueAt;
  }

  /** Takes the earliest entry that is due before `time` (exclusive). */
  takeDueBefore(time: number): Timer | undefined {
    const next = this.queue.peek();
    return next !== undefined && next.dueAt < time ? this.queue.pop() : undefined;
  }
}
