import { describe, expect, it } from 'vitest';
import { StoreRest } from '../../../../processor/archive/pipeline/steps/store-rest.js';

function failing(rest: StoreRest, times: number): void {
  for (let n = 0; n < times; n += 1) rest.failed(1_000, Infinity, 0);
}

describe('StoreRest', () => {
  it('begins when more fail in a row than single recordings can be to blame for, and grows', () => {
    const rest = new StoreRest(4);
    failing(rest, 4);
    expect(rest.until).toBe(0);
    failing(rest, 1);
    expect(rest.until).toBe(1_200);
    failing(rest, 4);
    expect(rest.until).toBe(1_400);
    failing(rest, 1_000);
    expect(rest.until).toBe(6_000);
  });

  it('ends with the first success', () => {
    const rest = new StoreRest(4);
    failing(rest, 100);
    rest.succeeded();
    expect(rest.until).toBe(0);
    failing(rest, 4);
    expect(rest.until).toBe(0);
  });
});
