import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientAddress } from '../../../../ingress/http/client/client-address.js';
import { trustedProxies } from '../../../../ingress/http/client/trusted-proxies.js';
import { readIngressSettings } from '../../../../ingress/settings.js';
import { startIngressOnMemory } from '../../ingress-on-memory.js';
import { postTo } from '../../post.js';

const TRUSTED = trustedProxies(['10.0.0.0/8', '127.0.0.1', '2001:db8:aaaa::/48']);
const NONE = { forwarded: undefined, xForwardedFor: undefined };

const byXff = (peer: string, xForwardedFor: string) => clientAddress(peer, { ...NONE, xForwardedFor }, TRUSTED);
const byForwarded = (peer: string, forwarded: string) => clientAddress(peer, { ...NONE, forwarded }, TRUSTED);

describe('the address of a client', () => {
  it.each([
    ['an untrusted peer names itself', '192.0.2.9', '203.0.113.1', '192.0.2.9'],
    ['a trusted peer names its client', '10.0.0.1', '203.0.113.1', '203.0.113.1'],
    ['the rightmost untrusted hop counts', '10.0.0.1', '1.1.1.1, 203.0.113.1, 10.2.3.4', '203.0.113.1'],
    ['all hops are trusted', '10.0.0.1', '10.9.9.9, 10.2.3.4', '10.9.9.9'],
    ['with a port', '10.0.0.1', '203.0.113.1:5050', '203.0.113.1'],
    ['IPv6 with a port', '10.0.0.1', '[2001:db8::0:1]:5050', '2001:db8::1'],
    ['IPv6 alone', '10.0.0.1', '2001:DB8::1', '2001:db8::1'],
    ['IPv4 mapped into IPv6', '::ffff:10.0.0.1', '::ffff:203.0.113.1', '203.0.113.1'],
    ['a proxy with an IPv6 address', '2001:0db8:aaaa:0000:0000:0000:0000:0001', '203.0.113.1', '203.0.113.1'],
    ['something that is no address', '10.0.0.1', '203.0.113.1, unknown', '10.0.0.1'],
    ['empty', '10.0.0.1', '', '10.0.0.1'],
    ['numbers that are no address', '10.0.0.1', '3405803777', '10.0.0.1'],
  ])('in X-Forwarded-For: %s', (_name, peer, header, expected) => {
    expect(byXff(peer, header)).toBe(expected);
  });

  it.each([
    ['plain', 'for=203.0.113.1', '203.0.113.1'],
    ['in any case, with other parameters', 'by=10.0.0.1;FOR=203.0.113.1;proto=https', '203.0.113.1'],
    ['quoted IPv6 with a port', 'for="[2001:db8::1]:4711"', '2001:db8::1'],
    ['several elements', 'for=1.1.1.1, for=203.0.113.1;by="a,b;c", for=10.0.0.3', '203.0.113.1'],
    ['hidden', 'for=203.0.113.1, for=_hidden', '10.0.0.1'],
    ['an element without it', 'for=203.0.113.1, proto=https', '10.0.0.1'],
    ['a quote that is left open', 'for=9.9.9.9;x=",for=203.0.113.1', '10.0.0.1'],
  ])('in Forwarded: %s', (_name, header, expected) => {
    expect(byForwarded('10.0.0.1', header)).toBe(expected);
  });

  it('is the peer if the two headers disagree, because a client can send the one that no proxy writes', () => {
    const agree = { xForwardedFor: '203.0.113.1', forwarded: 'for=203.0.113.1' };
    expect(clientAddress('10.0.0.1', agree, TRUSTED)).toBe('203.0.113.1');
    expect(clientAddress('10.0.0.1', { ...agree, forwarded: 'for=9.9.9.9' }, TRUSTED)).toBe('10.0.0.1');
  });

  it('is the peer if no proxy is trusted', () => {
    expect(clientAddress('10.0.0.1', { ...NONE, xForwardedFor: '9.9.9.9' }, trustedProxies([]))).toBe('10.0.0.1');
  });
});

describe('whatever a client writes into the headers', () => {
  const client = '203.0.113.77';
  const proxies = fc.array(fc.constantFrom('10.0.0.1', '10.1.1.1', '127.0.0.1'), { minLength: 1, maxLength: 4 });
  const spoof = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc
      .array(fc.constantFrom('for=', '9.9.9.9', '10.0.0.1', '"', ',', ';', '\\', ' ', 'x=', '[', ']', ':1', 'unknown'))
      .map((parts) => parts.join('')),
  );
  const seen = (header: string | undefined, element: string) =>
    header === undefined ? element : `${header},${element}`;
  const quoted = fc.constantFrom(
    (address: string) => `for=${address}`,
    (address: string) => `for="${address}:80"`,
    (address: string) => `proto=https;for="${address}"`,
  );

  it('its address in X-Forwarded-For is the one that the first proxy saw', () => {
    fc.assert(
      fc.property(spoof, proxies, (text, chain) => {
        let header: string | undefined = text;
        let from = client;
        for (const proxy of chain) {
          header = seen(header, from);
          from = proxy;
        }
        expect(byXff(from, header)).toBe(client);
      }),
      { numRuns: 2_000 },
    );
  });

  it('its address in Forwarded is the one that the first proxy saw, or that of the last proxy', () => {
    fc.assert(
      fc.property(spoof, proxies, quoted, (text, chain, write) => {
        let header: string | undefined = text;
        let from = client;
        for (const proxy of chain) {
          header = seen(header, write(from));
          from = proxy;
        }
        expect([client, from]).toContain(byForwarded(from, header));
      }),
      { numRuns: 5_000 },
    );
  });

  it('both headers together name no address but the true one or that of a proxy', () => {
    fc.assert(
      fc.property(spoof, spoof, proxies, (text, other, chain) => {
        const peer = chain.at(-1) ?? '';
        const hops = [text, client, ...chain.slice(0, -1)];
        const fields = { xForwardedFor: hops.join(','), forwarded: other };
        expect([client, peer]).toContain(clientAddress(peer, fields, TRUSTED));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('INGRESS_TRUSTED_PROXIES', () => {
  const read = (value: string) => readIngressSettings({ INGRESS_TOKENS: 't', INGRESS_TRUSTED_PROXIES: value });

  it('takes addresses and ranges', () => {
    expect(read(' 10.0.0.0/8, ::1 ,fd00::/8').INGRESS_TRUSTED_PROXIES).toEqual(['10.0.0.0/8', '::1', 'fd00::/8']);
    expect(trustedProxies(['::ffff:10.0.0.0/104']).includes('10.200.0.1')).toBe(true);
    expect(trustedProxies(['0.0.0.0/0']).includes('2001:db8::1')).toBe(false);
  });

  it.each(['proxy.local', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '1', '::/129', '::ffff:10.0.0.0/95'])(
    'refuses %s',
    (item) => {
      expect(() => read(item)).toThrow('INGRESS_TRUSTED_PROXIES');
    },
  );
});

it.each([
  [['127.0.0.1'], '203.0.113.1'],
  [[], '127.0.0.1'],
])('a dead letter carries the address of the client with %j as trusted proxies', async (proxies, expected) => {
  const ingress = await startIngressOnMemory({ trustedProxies: proxies });
  try {
    expect((await postTo(ingress.url, '{', { 'x-forwarded-for': '9.9.9.9, 203.0.113.1' })).status).toBe(400);
    expect(ingress.sink.records[0]?.headers['remote-address']).toBe(expected);
  } finally {
    ingress.close();
  }
});
