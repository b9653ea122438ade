import { describe, expect, it } from 'vitest';
import { Lane, type StepVerdict } from '../../../../processor/archive/pipeline/deadline-workers.js';
import { ManualClock, settle } from '../../../support/manual-clock.js';

type Task = { readonly name: string; readonly deadlineAt: number };

/** A lane whose steps end when the test says so. */
function laneOf(concurrency: number) {
  const clock = new ManualClock(1_000);
  const begun: string[] = [];
  const ends = new Map<string, (verdict: StepVerdict) => void>();
  const lane = new Lane<Task>({
    concurrency,
    clock,
    run: ({ name }, stop) =>
      new Promise((resolve) => {
        begun.push(name);
        ends.set(name, resolve);
        stop.addEventListener('abort', () => resolve({ kind: 'done' }));
      }),
  });
  const end = async (name: string, verdict: StepVerdict = { kind: 'done' }) => {
    ends.get(name)?.(verdict);
    await settle();
  };
  return { clock, begun, lane, end };
}

describe('Lane', () => {
  it('works on no more than its number, earliest deadline first', async () => {
    const { lane, begun, end } = laneOf(2);
    lane.add({ name: 'a', deadlineAt: 50 });
    lane.add({ name: 'b', deadlineAt: 40 });
    lane.add({ name: 'late', deadlineAt: 90 });
    lane.add({ name: 'soon', deadlineAt: 10 });
    expect(begun).toEqual(['a', 'b']);
    expect([lane.active, lane.waiting]).toEqual([2, 2]);
    await end('a');
    expect(begun).toEqual(['a', 'b', 'soon']);
    await end('soon');
    expect(begun).toEqual(['a', 'b', 'soon', 'late']);
  });

  it('gives the place of a task that waits for a retry to others', async () => {
    const { lane, begun, end, clock } = laneOf(1);
    lane.add({ name: 'a', deadlineAt: 1 });
    lane.add({ name: 'b', deadlineAt: 2 });
    await end('a', { kind: 'again', notBefore: clock.now() + 500 });
    expect(begun).toEqual(['a', 'b']);
    await end('b');
    expect(begun).toEqual(['a', 'b']);
    await clock.advance(499);
    expect(begun).toEqual(['a', 'b']);
    await clock.advance(1);
    expect(begun).toEqual(['a', 'b', 'a']);
  });

  it('takes out waiting tasks, and leaves those under way', () => {
    const { lane } = laneOf(1);
    lane.add({ name: 'a', deadlineAt: 1 });
    lane.add({ name: 'b', deadlineAt: 2 });
    expect(lane.removeWaiting(() => true).map(({ name }) => name)).toEqual(['b']);
    expect(lane.tasks().map(({ name }) => name)).toEqual(['a']);
  });

  it('stops what is under way and begins nothing more', async () => {
    const { lane, begun } = laneOf(1);
    lane.add({ name: 'a', deadlineAt: 1 });
    lane.add({ name: 'b', deadlineAt: 2 });
    await lane.stop();
    lane.add({ name: 'c', deadlineAt: 3 });
    expect(begun).toEqual(['a']);
    expect(lane.active).toBe(0);
  });
});
