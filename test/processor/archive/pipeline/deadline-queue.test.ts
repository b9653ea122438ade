import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeadlineQueue } from '../../../../processor/archive/pipeline/deadline-queue.js';

const task = (deadlineAt: number) => ({ deadlineAt });

describe('DeadlineQueue', () => {
  it('gives the earliest deadline first', () => {
    const queue = new DeadlineQueue<{ deadlineAt: number }>();
    for (const deadline of [30, 10, 20]) queue.add(task(deadline), 0);
    expect([queue.take(0), queue.take(0), queue.take(0), queue.take(0)]).toEqual([
      task(10),
      task(20),
      task(30),
      undefined,
    ]);
  });

  it('leaves a task alone until its time, and says when that is', () => {
    const queue = new DeadlineQueue<{ deadlineAt: number }>();
    queue.add(task(10), 100);
    queue.add(task(50), 0);
    expect(queue.take(99)).toEqual(task(50));
    expect(queue.take(99)).toBeUndefined();
    expect(queue.nextAt()).toBe(100);
    expect(queue.take(100)).toEqual(task(10));
    expect(queue.nextAt()).toBeUndefined();
  });

  it('takes out what a condition holds for, resting or not', () => {
    const queue = new DeadlineQueue<{ deadlineAt: number }>();
    queue.add(task(1), 0);
    queue.add(task(2), 0);
    expect(queue.take(0)).toEqual(task(1));
    queue.add(task(3), 100);
    queue.add(task(4), 100);
    expect(queue.removeWhere(({ deadlineAt }) => deadlineAt !== 4)).toHaveLength(2);
    expect(queue.size).toBe(1);
    expect(queue.take(100)).toEqual(task(4));
  });

  it('puts what is overdue behind what can still be saved', () => {
    const queue = new DeadlineQueue<{ deadlineAt: number }>();
    for (const deadline of [10, 20, 200, 300]) queue.add(task(deadline), 0);
    expect([queue.take(100), queue.take(250), queue.take(250), queue.take(250)]).toEqual([200, 300, 10, 20].map(task));
    expect([queue.size, queue.nextAt()]).toEqual([0, undefined]);
  });

  it('keeps the order whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.nat(50))), fc.nat(60), (entries, now) => {
        const queue = new DeadlineQueue<{ deadlineAt: number }>();
        for (const [deadline, notBefore] of entries) queue.add(task(deadline), notBefore);
        const due = entries.filter(([, notBefore]) => notBefore <= now).map(([deadline]) => deadline);
        const taken = due.map(() => queue.take(now)?.deadlineAt);
        const inOrder = due.toSorted((a, b) => a - b);
        const [late, alive] = [
          inOrder.filter((deadline) => deadline <= now),
          inOrder.filter((deadline) => deadline > now),
        ];
        expect(taken).toEqual([...alive, ...late]);
        expect(queue.take(now)).toBeUndefined();
        expect(queue.size).toBe(entries.length - due.length);
      }),
    );
  });
});
