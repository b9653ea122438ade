import { describe, expect, it } from 'vitest';
import { isReady, type ReadinessFacts } from '../../../ingress/readiness/readiness.js';

const outage: ReadinessFacts = {
  isDirect: false,
  canSpool: true,
  isVerified: false,
  isMisconfigured: false,
  uptimeMs: 29_999,
  readyTimeoutMs: 30_000,
};

describe('readiness', () => {
  it('needs a place to store events', () => {
    expect(isReady({ ...outage, isDirect: true, canSpool: false })).toBe(true);
    expect(isReady({ ...outage, isVerified: true, canSpool: false })).toBe(false);
  });

  it('survives an outage of a process that has been healthy, and of a restart with the same settings', () => {
    expect(isReady({ ...outage, isVerified: true, uptimeMs: 0 })).toBe(true);
  });

  it('comes after the timeout for a process that was never healthy', () => {
    expect(isReady(outage)).toBe(false);
    expect(isReady({ ...outage, uptimeMs: 30_000 })).toBe(true);
  });

  it('never comes while the settings are refused', () => {
    expect(isReady({ ...outage, isMisconfigured: true, uptimeMs: Infinity })).toBe(false);
  });
});
