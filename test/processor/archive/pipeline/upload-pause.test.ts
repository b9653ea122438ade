import { describe, expect, it } from 'vitest';
import { UploadPause } from '../../../../processor/archive/pipeline/steps/upload-pause.js';

const NOW = 1_000;
/** The largest delay that jitter can give. */
const AT_MOST = 1;

function fail(pause: UploadPause, times: number, random = AT_MOST): void {
  for (let n = 0; n < times; n += 1) pause.failed(NOW, Infinity, random);
}

describe('UploadPause', () => {
  it('starts after more failures in a row than single recordings explain, and grows', () => {
    const pause = new UploadPause(4);
    fail(pause, 4);
    expect(pause.until).toBe(0);
    fail(pause, 1);
    expect(pause.until).toBe(1_200);
    fail(pause, 4);
    expect(pause.until).toBe(1_400);
    fail(pause, 1_000);
    expect(pause.until).toBe(6_000);
  });

  it('lasts at least half of its longest duration, whatever the jitter', () => {
    const pause = new UploadPause(4);
    fail(pause, 1_000, 0);
    expect(pause.until).toBeGreaterThanOrEqual(NOW + 2_500);
  });

  it('ends with the first success', () => {
    const pause = new UploadPause(4);
    fail(pause, 100);
    pause.succeeded();
    expect(pause.until).toBe(0);
    fail(pause, 4);
    expect(pause.until).toBe(0);
  });
});
