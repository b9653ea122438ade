import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadlines } from '../../../infra/async/deadlines.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('deadlines', () => {
  it('fall due in their order, each after its own time', () => {
    const deadlines = new Deadlines(100);
    const due: string[] = [];
    deadlines.set(() => due.push('a'));
    vi.advanceTimersByTime(60);
    deadlines.set(() => due.push('b'));
    vi.advanceTimersByTime(39);
    expect(due).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(due).toEqual(['a']);
    vi.advanceTimersByTime(60);
    expect(due).toEqual(['a', 'b']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('do nothing once cancelled, and share one timer', () => {
    const deadlines = new Deadlines(100);
    const due: string[] = [];
    const cancelled = deadlines.set(() => due.push('a'));
    deadlines.set(() => due.push('b'));
    expect(vi.getTimerCount()).toBe(1);
    deadlines.cancel(cancelled);
    vi.advanceTimersByTime(1_000);
    expect(due).toEqual(['b']);
  });
});
