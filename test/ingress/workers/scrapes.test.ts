import { describe, expect, it, vi } from 'vitest';
import { Scrapes } from '../../../ingress/workers/scrapes.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('a scrape of all workers', () => {
  it('ends when the last worker has reported, in any order', () => {
    const scrapes = new Scrapes(new ManualClock());
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

  it('ends without a worker that hangs', async () => {
    const clock = new ManualClock();
    const scrapes = new Scrapes(clock);
    const done = vi.fn();
    scrapes.begin([1, 2], () => undefined, done);
    scrapes.report(1, 1, []);
    await clock.advance(999);
    expect(done).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(done).toHaveBeenCalledExactlyOnceWith([[]]);
    scrapes.report(1, 2, []);
    expect(done).toHaveBeenCalledOnce();
  });
});
