import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Scrapes } from '../../../ingress/workers/scrapes.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a scrape of all workers', () => {
  it('is done when the last has reported, in whatever order', () => {
    const scrapes = new Scrapes();
    const asked: [number, number][] = [];
    const done = vi.fn();
    scrapes.begin([1, 2], (worker, id) => asked.push([worker, id]), done);
    scrapes.begin([1, 2], (worker, id) => asked.push([worker, id]), vi.fn());
    expect(asked).toEqual([
      [1, 1],
      [2, 1],
      [1, 2],
      [2, 2],
    ]);
    scrapes.report(1, 2, [{ name: 'two' }]);
    scrapes.report(1, 2, [{ name: 'two, again' }]);
    expect(done).not.toHaveBeenCalled();
    scrapes.report(1, 1, [{ name: 'one' }]);
    expect(done).toHaveBeenCalledExactlyOnceWith([[{ name: 'two' }], [{ name: 'one' }]]);
  });

  it('does not wait for ever for one that hangs', () => {
    const scrapes = new Scrapes();
    const done = vi.fn();
    scrapes.begin([1, 2], () => undefined, done);
    scrapes.report(1, 1, []);
    vi.advanceTimersByTime(1_000);
    expect(done).toHaveBeenCalledExactlyOnceWith([[]]);
    scrapes.report(1, 2, []);
    expect(done).toHaveBeenCalledOnce();
  });
});
