import { describe, expect, it } from 'vitest';
import { AllowedHosts, canonicalHost } from '../../../../processor/archive/source/allowed-hosts.js';
import { LinkGuard, type Resolve } from '../../../../processor/archive/source/link-guard.js';

const PUBLIC = { address: '93.184.215.14', family: 4 };

/** Answers of a resolver that uses no network. */
const names: Record<string, { address: string; family: number }[]> = {
  'public.test': [PUBLIC, { address: '2606:4700::1111', family: 6 }],
  'mixed.test': [PUBLIC, { address: '10.0.0.1', family: 4 }],
  'inside.test': [{ address: '10.0.0.1', family: 4 }],
  'mapped.test': [{ address: '::ffff:93.184.215.14', family: 6 }],
  'metadata.test': [{ address: '169.254.169.254', family: 4 }],
  localhost: [{ address: '127.0.0.1', family: 4 }],
  'localhost.': [{ address: '::1', family: 6 }],
};
const asked: string[] = [];
const resolve: Resolve = (hostname) => {
  asked.push(hostname);
  const found = names[hostname];
  return found === undefined ? Promise.reject(new Error(`ENOTFOUND ${hostname}`)) : Promise.resolve(found);
};

async function judge(link: string, allowed: readonly string[] = [], base?: string) {
  const guard = new LinkGuard(new AllowedHosts(allowed), resolve);
  const verdict = await guard.judge(link, base === undefined ? undefined : new URL(base));
  return verdict.kind === 'refused' ? verdict.fault.reason : verdict.target.addresses.map(({ address }) => address);
}

describe('LinkGuard', () => {
  it('allows https on public addresses and returns them', async () => {
    expect(await judge('https://public.test/a.wav?sig=1')).toEqual(['93.184.215.14', '2606:4700::1111']);
    expect(await judge('https://93.184.215.14/a')).toEqual(['93.184.215.14']);
    expect(await judge('https://[2606:4700::1111]/a')).toEqual(['2606:4700::1111']);
  });

  it.each([
    'https://127.0.0.1/a',
    'https://127.1/a',
    'https://0x7f.1/a',
    'https://0x7f000001/a',
    'https://2130706433/a',
    'https://017700000001/a',
    'https://0177.0.0.1/a',
    'https://127.0.0.1./a',
    'https://0/a',
    'https://①②⑦.⓪.⓪.①/a',
    'https://127。0。0。1/a',
    'https://%31%32%37.0.0.1/a',
    'https://localhost/a',
    'https://LOCALHOST/a',
    'https://localhost./a',
    'https://[::1]/a',
    'https://[::ffff:127.0.0.1]/a',
    'https://[::ffff:7f00:1]/a',
    'https://[0:0:0:0:0:ffff:127.0.0.1]/a',
    'https://[64:ff9b::127.0.0.1]/a',
    'https://[2002:7f00:1::]/a',
    'https://[fe80::1]/a',
    'https://169.254.169.254/latest/meta-data',
    'https://2852039166/latest/meta-data',
    'https://[fd00:ec2::254]/a',
    'https://100.100.100.200/a',
    'https://mixed.test/a',
    'https://inside.test/a',
    'https://mapped.test/a',
    'https://metadata.test/a',
  ])('refuses the forbidden address of %s', async (link) => {
    expect(await judge(link)).toBe('forbidden_address');
  });

  it.each([
    ['no URL', 'invalid_url'],
    ['https://', 'invalid_url'],
    ['https://foo.1/', 'invalid_url'],
    ['https://[::1', 'invalid_url'],
    ['https://a b/', 'invalid_url'],
    ['file:///etc/passwd', 'invalid_url'],
    ['ftp://public.test/a', 'invalid_url'],
    ['gopher://public.test/a', 'invalid_url'],
    ['data:audio/wav;base64,AAAA', 'invalid_url'],
    ['https://user@public.test/a', 'invalid_url'],
    ['https://user:secret@public.test/a', 'invalid_url'],
    [`https://public.test/${'a'.repeat(20_000)}`, 'invalid_url'],
    ['http://public.test/a', 'insecure_url'],
    ['http://127.0.0.1/a', 'insecure_url'],
    ['https://unknown.test/a', 'source_unreachable'],
  ])('refuses %s', async (link, reason) => {
    expect(await judge(link)).toBe(reason);
  });

  it('resolves a name once and never resolves an address', async () => {
    asked.length = 0;
    await judge('https://public.test/a');
    await judge('https://127.1/a');
    expect(asked).toEqual(['public.test']);
  });

  it('allows plain http and private addresses on allowed hosts', async () => {
    expect(await judge('http://127.0.0.1:8099/a', ['127.0.0.1:8099'])).toEqual(['127.0.0.1']);
    expect(await judge('http://inside.test/a', ['inside.test'])).toEqual(['10.0.0.1']);
    expect(await judge('https://inside.test:8443/a', ['inside.test'])).toEqual(['10.0.0.1']);
    expect(await judge('http://[::1]:80/a', ['::1'])).toEqual(['::1']);
  });

  it('does not mistake another port, host or spelling for an allowed one', async () => {
    expect(await judge('http://127.0.0.1:8098/a', ['127.0.0.1:8099'])).toBe('insecure_url');
    expect(await judge('https://127.0.0.1/a', ['127.0.0.1:8443'])).toBe('forbidden_address');
    expect(await judge('https://sub.inside.test/a', ['inside.test'])).toBe('source_unreachable');
    expect(await judge('https://metadata.test/a', ['169.254.169.254'])).toBe('forbidden_address');
  });

  it('resolves a redirect relative to its link and judges it', async () => {
    expect(await judge('/b.wav', [], 'https://public.test/a')).toEqual(['93.184.215.14', '2606:4700::1111']);
    expect(await judge('//127.0.0.1/b', [], 'https://public.test/a')).toBe('forbidden_address');
    expect(await judge('http://public.test/b', [], 'https://public.test/a')).toBe('insecure_url');
    expect(await judge('//metadata.test/b', ['inside.test'], 'https://inside.test/a')).toBe('forbidden_address');
  });
});

describe('canonicalHost', () => {
  it.each([
    ['Example.COM', 'example.com'],
    ['example.com.', 'example.com'],
    ['example.com:0443', 'example.com:443'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['::1', '[::1]'],
    ['[::1]:9000', '[::1]:9000'],
    ['0x7f.1', '127.0.0.1'],
    ['minio:9000', 'minio:9000'],
    ['https://example.com', undefined],
    ['example.com/path', undefined],
    ['*.example.com', undefined],
    ['user@example.com', undefined],
    ['example.com:0', undefined],
    ['example.com:65536', undefined],
    ['', undefined],
  ])('converts %s to %s', (entry, canonical) => {
    expect(canonicalHost(entry)).toBe(canonical);
  });
});
