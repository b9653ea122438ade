import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TimerHeap } from '../../../../processor/join/state/timer-heap.js';

it('returns slots in the order of their due times, after any sequence of sets, moves and removals', () => {
  const step = fc.record({
    slot: fc.integer({ min: 0, max: 60 }).map((n) => n * 40),
    dueAt: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const heap = new TimerHeap();
      const model = new Map<number, number>();
      for (const { slot, dueAt } of steps) {
        if (dueAt === undefined) {
          heap.remove(slot);
          model.delete(slot);
        } else {
          heap.set(slot, dueAt);
          model.set(slot, dueAt);
        }
        expect(heap.firstDueAt()).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
      }
      const order: number[] = [];
      for (let slot = heap.first(); slot !== undefined; slot = heap.first()) {
        expect(heap.firstDueAt()).toBe(model.get(slot));
        order.push(model.get(slot) as number);
        model.delete(slot);
        heap.remove(slot);
      }
      expect(model.size).toBe(0);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }),
  );
});
