import TinyQueue from 'tinyqueue';

type Due = { readonly deadlineAt: number };
type Entry<T> = { readonly task: T; readonly notBefore: number };

/**
 * Tasks ordered by deadline, earliest first. A task may rest until a given time. Times in ms.
 *
 * Overdue tasks come last: they may be lost already, so they must not delay tasks that can still be saved.
 */
export class DeadlineQueue<T extends Due> {
  private ready = new TinyQueue<T>([], byDeadline);
  private resting = new TinyQueue<Entry<T>>([], byNotBefore);
  private overdue: T[] = [];

  get size(): number {
    return this.ready.length + this.overdue.length + this.resting.length;
  }

  add(task: T, notBefore: number): void {
    this.resting.push({ task, notBefore });
  }

  /** Removes and returns the task with the earliest deadline among those that may run at `now`. */
  dequeue(now: number): T | undefined {
    for (let next = this.resting.peek(); next !== undefined && next.notBefore <= now; next = this.resting.peek()) {
      this.ready.push(next.task);
      this.resting.pop();
    }
    for (let next = this.ready.pop(); next !== undefined; next = this.ready.pop()) {
      if (next.deadlineAt > now) return next;
      this.overdue.push(next);
    }
    return this.overdue.shift();
  }

  /** When the next task may run: 0 if one may run now, `undefined` if the queue is empty. */
  nextAt(): number | undefined {
    return this.ready.length + this.overdue.length > 0 ? 0 : this.resting.peek()?.notBefore;
  }

  /** All tasks, in no particular order. */
  tasks(): T[] {
    return [...this.ready.data, ...this.overdue, ...this.resting.data.map(({ task }) => task)];
  }

  /** Removes and returns all tasks that satisfy `condition`. */
  removeWhere(condition: (task: T) => boolean): T[] {
    const removed = this.tasks().filter(condition);
    if (removed.length === 0) return removed;
    this.ready = new TinyQueue(
      this.ready.data.filter((task) => !condition(task)),
      byDeadline,
    );
    this.overdue = this.overdue.filter((task) => !condition(task));
    this.resting = new TinyQueue(
      this.resting.data.filter(({ task }) => !condition(task)),
      byNotBefore,
    );
    return removed;
  }
}

function byDeadline(a: Due, b: Due): number {
  return a.deadlineAt - b.deadlineAt;
}

function byNotBefore(a: { readonly notBefore: number }, b: { readonly notBefore: number }): number {
  return a.notBefore - b.notBefore;
}
