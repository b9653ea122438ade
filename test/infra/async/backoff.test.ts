import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backoff, backoffMs, deadlineBackoffMs } from '../../../infra/async/backoff.js';

const OPTIONS = { initialMs: 500, maxMs: 30_000 };
/** The largest delay that jitter can give. */
const AT_MOST = 1;
const random = fc.double({ min: 0, max: 0.999, noNaN: true });

describe('backoffMs', () => {
  it('doubles up to the maximum', () => {
    const delays = [1, 2, 3, 7, 20].map((failures) => backoffMs(OPTIONS, failures, AT_MOST));
    expect(delays).toEqual([500, 1_000, 2_000, 30_000, 30_000]);
  });

  it('has full jitter, but never retries in a busy loop', () => {
    expect(backoffMs(OPTIONS, 3, 0.25)).toBe(500);
    expect(backoffMs(OPTIONS, 3, 0)).toBe(10);
    expect(backoffMs({ ...OPTIONS, minMs: 1 }, 3, 0)).toBe(1);
  });
});

describe('Backoff', () => {
  it('grows with each failure and starts over after a success', () => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 100_000 });
    const delays = Array.from({ length: 10 }, () => backoff.nextMs());
    delays.forEach((delay, i) => expect(delay).toBeLessThanOrEqual(100 * 2 ** i));
    backoff.reset();
    expect(backoff.nextMs()).toBeLessThanOrEqual(100);
  });
});

describe('deadlineBackoffMs', () => {
  it('is the backoff while the deadline is far', () => {
    expect(deadlineBackoffMs(OPTIONS, 3, Infinity, 0.5)).toBe(1_000);
  });

  it('shrinks as the deadline approaches', () => {
    expect(deadlineBackoffMs(OPTIONS, 10, 8_000, AT_MOST)).toBe(2_000);
    expect(deadlineBackoffMs(OPTIONS, 10, 2_000, AT_MOST)).toBe(500);
  });

  it('respects Retry-After, up to half of the remaining time', () => {
    expect(deadlineBackoffMs(OPTIONS, 1, 600_000, AT_MOST, 60_000)).toBe(60_000);
    expect(deadlineBackoffMs(OPTIONS, 1, 600_000, AT_MOST, 3_600_000)).toBe(300_000);
  });

  it('always leaves time for another attempt, until next to none is left', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 201, max: 1_000_000 }),
        random,
        fc.nat(10_000_000),
        (failures, remaining, chance, retryAfter) => {
          const delay = deadlineBackoffMs(OPTIONS, failures, remaining, chance, retryAfter);
          expect(delay).toBeGreaterThanOrEqual(100);
          expect(delay).toBeLessThan(remaining);
        },
      ),
    );
  });
});
