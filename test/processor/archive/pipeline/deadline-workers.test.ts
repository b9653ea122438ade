import { describe, expect, it } from 'vitest';
import { DeadlineWorkers, type Done, type Retry } from '../../../../processor/archive/pipeline/deadline-workers.js';
import { ManualClock, settle } from '../../../support/manual-clock.js';

type Task = { readonly name: string; readonly deadlineAt: number };

/** Workers whose tasks end when the test says so. */
function workersOf(concurrency: number) {
  const clock = new ManualClock(1_000);
  const started: string[] = [];
  const ends = new Map<string, (result: Done | Retry) => void>();
  const workers = new DeadlineWorkers<Task>({
    concurrency,
    clock,
    run: ({ name }, stop) =>
      new Promise((resolve) => {
        started.push(name);
        ends.set(name, resolve);
        stop.addEventListener('abort', () => resolve({ kind: 'done' }));
      }),
  });
  const end = async (name: string, result: Done | Retry = { kind: 'done' }) => {
    ends.get(name)?.(result);
    await settle();
  };
  return { clock, started, workers, end };
}

describe('DeadlineWorkers', () => {
  it('run a limited number of tasks, earliest deadline first', async () => {
    const { workers, started, end } = workersOf(2);
    workers.add({ name: 'a', deadlineAt: 50 });
    workers.add({ name: 'b', deadlineAt: 40 });
    workers.add({ name: 'late', deadlineAt: 90 });
    workers.add({ name: 'soon', deadlineAt: 10 });
    expect(started).toEqual(['a', 'b']);
    expect([workers.active, workers.waiting, workers.size]).toEqual([2, 2, 4]);
    await end('a');
    expect(started).toEqual(['a', 'b', 'soon']);
    await end('soon');
    expect(started).toEqual(['a', 'b', 'soon', 'late']);
  });

  it('run other tasks while a task waits for its retry', async () => {
    const { workers, started, end, clock } = workersOf(1);
    workers.add({ name: 'a', deadlineAt: 1 });
    workers.add({ name: 'b', deadlineAt: 2 });
    await end('a', { kind: 'retry', notBefore: clock.now() + 500 });
    expect(started).toEqual(['a', 'b']);
    await end('b');
    expect(started).toEqual(['a', 'b']);
    await clock.advance(499);
    expect(started).toEqual(['a', 'b']);
    await clock.advance(1);
    expect(started).toEqual(['a', 'b', 'a']);
  });

  it('give back waiting tasks and keep active ones', () => {
    const { workers } = workersOf(1);
    workers.add({ name: 'a', deadlineAt: 1 });
    workers.add({ name: 'b', deadlineAt: 2 });
    expect(workers.removeWaiting(() => true).map(({ name }) => name)).toEqual(['b']);
    expect(workers.tasks().map(({ name }) => name)).toEqual(['a']);
  });

  it('abort active tasks and start no more when they stop', async () => {
    const { workers, started } = workersOf(1);
    workers.add({ name: 'a', deadlineAt: 1 });
    workers.add({ name: 'b', deadlineAt: 2 });
    await workers.stop();
    workers.add({ name: 'c', deadlineAt: 3 });
    expect(started).toEqual(['a']);
    expect(workers.active).toBe(0);
  });
});
