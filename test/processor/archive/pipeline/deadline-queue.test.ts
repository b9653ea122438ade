import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeadlineQueue } from '../../../../processor/archive/pipeline/deadline-queue.js';

const task = (deadlineAt: number) => ({ deadlineAt });

describe('DeadlineQueue', () => {
  it('returns the earliest deadline first', () => {
    const queue = new DeadlineQueue<{ deadlineAt: number }>();
    for (const deadline of [30, 10, 20]) queue.add(task(deadline), 0);
    expect([queue.dequeue(0), queue.dequeue(0), queue.dequeue(0), queue.dequeue(0)]).toEqual([
      task(10),
      task(20),
      task(30),
      undefined,
    ]);
  });

  it('returns no task before its time, and knows the next one', () => {
    const queue = new DeadlineQueue<{ deadlineAt: number }>();
    queue.add(task(10), 100);
    queue.add(task(50), 0);
    expect(queue.dequeue(99)).toEqual(task(50));
    expect(queue.dequeue(99)).toBeUndefined();
    expect(queue.nextAt()).toBe(100);
    expect(queue.dequeue(100)).toEqual(task(10));
    expect(queue.nextAt()).toBeUndefined();
  });

  it('removes tasks that satisfy a condition, whether they rest or not', () => {
    const queue = new DeadlineQueue<{ deadlineAt: number }>();
    queue.add(task(1), 0);
    queue.add(task(2), 0);
    expect(queue.dequeue(0)).toEqual(task(1));
    queue.add(task(3), 100);
    queue.add(task(4), 100);
    expect(queue.removeWhere(({ deadlineAt }) => deadlineAt !== 4)).toHaveLength(2);
    expect(queue.size).toBe(1);
    expect(queue.dequeue(100)).toEqual(task(4));
  });

  it('returns overdue tasks after those that can still be saved', () => {
    const queue = new DeadlineQueue<{ deadlineAt: number }>();
    for (const deadline of [10, 20, 200, 300]) queue.add(task(deadline), 0);
    expect([queue.dequeue(100), queue.dequeue(250), queue.dequeue(250), queue.dequeue(250)]).toEqual(
      [200, 300, 10, 20].map(task),
    );
    expect([queue.size, queue.nextAt()]).toEqual([0, undefined]);
  });

  it('keeps the order for any deadlines and start times', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.nat(50))), fc.nat(60), (entries, now) => {
        const queue = new DeadlineQueue<{ deadlineAt: number }>();
        for (const [deadline, notBefore] of entries) queue.add(task(deadline), notBefore);
        const due = entries.filter(([, notBefore]) => notBefore <= now).map(([deadline]) => deadline);
        const dequeued = due.map(() => queue.dequeue(now)?.deadlineAt);
        const inOrder = due.toSorted((a, b) => a - b);
        const [late, alive] = [
          inOrder.filter((deadline) => deadline <= now),
          inOrder.filter((deadline) => deadline > now),
        ];
        expect(dequeued).toEqual([...alive, ...late]);
        expect(queue.dequeue(now)).toBeUndefined();
        expect(queue.size).toBe(entries.length - due.length);
      }),
    );
  });
});
