import { describe, expect, it } from 'vitest';
import { loadUws, UWS_BUILDS, UwsUnavailableError } from '../../../ingress/http/server/uws-loader.js';

describe('the loader of uWebSockets.js', () => {
  it('loads the newest build', () => {
    const tried: string[] = [];
    const loaded = loadUws((alias) => {
      tried.push(alias);
      return { alias };
    });
    expect(loaded).toEqual({ alias: 'uws-glibc238' });
    expect(tried).toEqual(['uws-glibc238']);
  });

  it('falls back to the older build', () => {
    const loaded = loadUws((alias) => {
      if (alias === 'uws-glibc238') throw new Error("libc.so.6: version `GLIBC_2.38' not found");
      return { alias };
    });
    expect(loaded).toEqual({ alias: 'uws-glibc227' });
  });

  it('reports this machine and the supported ones in one line if no build loads', () => {
    const load = () =>
      loadUws(() => {
        throw new Error('no');
      });
    expect(load).toThrow(UwsUnavailableError);
    expect(load).toThrow(new RegExp(`^[^\\n]*Node ${process.version}[^\\n]*$`));
    for (const { supports } of UWS_BUILDS) expect(load).toThrow(supports);
  });
});
