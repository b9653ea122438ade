import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OffsetTracker } from '../../../../processor/archive/intake/offset-tracker.js';

describe('OffsetTracker', () => {
  it('has no position before the first read', () => {
    expect(new OffsetTracker().position).toBeUndefined();
  });

  it('follows the reads while nothing is unsettled', () => {
    const tracker = new OffsetTracker();
    tracker.advance(17);
    expect(tracker.position).toBe(17);
  });

  it('stays at the oldest unsettled offset', () => {
    const tracker = new OffsetTracker();
    for (const offset of [3, 5, 9]) tracker.begin(offset);
    tracker.advance(12);
    tracker.settle(5);
    expect(tracker.position).toBe(3);
    tracker.settle(3);
    expect(tracker.position).toBe(9);
    tracker.settle(9);
    expect(tracker.position).toBe(12);
  });

  it('remembers what was read when reading restarts at a lower offset', () => {
    const tracker = new OffsetTracker();
    expect(tracker.hasRead(0)).toBe(false);
    tracker.advance(10);
    tracker.advance(4);
    expect([tracker.hasRead(9), tracker.hasRead(10)]).toEqual([true, false]);
  });

  it('never passes an unsettled offset, in whatever order offsets settle', () => {
    const offsets = fc.uniqueArray(fc.nat(200), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(offsets, fc.infiniteStream(fc.nat()), (drawn, choices) => {
        const tracker = new OffsetTracker();
        const unsettled = drawn.toSorted((a, b) => a - b);
        unsettled.forEach((offset) => tracker.begin(offset));
        tracker.advance(500);
        let last = 0;
        while (unsettled.length > 0) {
          expect(tracker.position).toBe(unsettled[0]);
          expect(tracker.position).toBeGreaterThanOrEqual(last);
          last = tracker.position ?? 0;
          const [settled] = unsettled.splice((choices.next().value as number) % unsettled.length, 1);
          tracker.settle(settled ?? -1);
        }
        expect(tracker.position).toBe(500);
      }),
    );
  });
});
