import TinyQueue from 'tinyqueue';

type Due = { readonly deadlineAt: number };
type Entry<T> = { readonly task: T; readonly notBefore: number };

/** Tasks by their deadline, earliest first; a task may ask to be left alone until some time. Times in ms. */
export class DeadlineQueue<T extends Due> {
  private ready = new TinyQueue<T>([], byDeadline);
  private resting = new TinyQueue<Entry<T>>([], byNotBefore);

  get size(): number {
    return this.ready.length + this.resting.length;
  }

  add(task: T, notBefore: number): void {
    this.resting.push({ task, notBefore });
  }

  /** Takes the task with the earliest deadline of those that may begin at `now`. */
  take(now: number): T | undefined {
    for (let next = this.resting.peek(); next !== undefined && next.notBefore <= now; next = this.resting.peek()) {
      this.ready.push(next.task);
      this.resting.pop();
    }
    return this.ready.pop();
  }

  /** When there is something to take: in the past if there is already, `undefined` if there is nothing at all. */
  nextAt(): number | undefined {
    return this.ready.length > 0 ? 0 : this.resting.peek()?.notBefore;
  }

  /** In no order. */
  tasks(): T[] {
    return [...this.ready.data, ...this.resting.data.map(({ task }) => task)];
  }

  /** Takes out all tasks that `condition` holds for. */
  removeWhere(condition: (task: T) => boolean): T[] {
    const removed = this.tasks().filter(condition);
    if (removed.length === 0) return removed;
    this.ready = new TinyQueue(
      this.ready.data.filter((task) => !condition(task)),
      byDeadline,
    );
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
