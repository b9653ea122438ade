import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextDelayMs } from '../../../infra/async/backoff.js';

const BACKOFF = { firstMs: 500, mostMs: 30_000 };

describe('nextDelayMs', () => {
  it('doubles up to the most', () => {
    const delays = [1, 2, 3, 7, 20].map((failures) => nextDelayMs(BACKOFF, failures, Infinity, 0));
    expect(delays).toEqual([500, 1_000, 2_000, 30_000, 30_000]);
  });

  it('is jittered by up to half', () => {
    expect(nextDelayMs(BACKOFF, 3, Infinity, 0.999_999)).toBeCloseTo(1_000, 0);
  });

  it('comes closer together as the deadline comes near', () => {
    expect(nextDelayMs(BACKOFF, 10, 8_000, 0)).toBe(2_000);
    expect(nextDelayMs(BACKOFF, 10, 2_000, 0)).toBe(500);
  });

  it('heeds Retry-After, but not past half of what is left', () => {
    expect(nextDelayMs(BACKOFF, 1, 600_000, 0, 60_000)).toBe(60_000);
    expect(nextDelayMs(BACKOFF, 1, 600_000, 0, 3_600_000)).toBe(300_000);
  });

  it('always leaves time for another try, until next to none is left', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 201, max: 1_000_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.nat(10_000_000),
        (failures, remaining, random, retryAfter) => {
          const delay = nextDelayMs(BACKOFF, failures, remaining, random, retryAfter);
          expect(delay).toBeGreaterThanOrEqual(100);
          expect(delay).toBeLessThan(remaining);
        },
      ),
    );
  });
});
