import fc from 'fast-check';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../../../processor/archive/source/public-address.js';
import { AllowedHosts } from '../../../../processor/archive/source/allowed-hosts.js';
import { Downloader } from '../../../../processor/archive/source/download.js';
import { LinkFollower } from '../../../../processor/archive/source/follow-link.js';
import { openHttpSource, type OpenSource } from '../../../../processor/archive/source/http-source.js';
import { LinkGuard, type Resolve } from '../../../../processor/archive/source/link-guard.js';
import { SpillFile } from '../../../../processor/archive/spill/spill-file.js';
import { Canary } from '../canary.js';
import { FaultySource, redirect, whole } from './faulty-source.js';
import { FORBIDDEN_LINKS, FORBIDDEN_NAMES } from './forbidden-links.js';
import { BODY } from '../pipeline/pipeline-harness.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { tempDir } from '../../../support/temp-dir.js';

const PUBLIC = ['93.184.215.14', '2606:4700::1111', '8.8.8.8'];
const PRIVATE = ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', 'fd00::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'];
const SEED = 20_260_503;

const answer = (addresses: readonly string[]) =>
  addresses.map((address) => ({ address, family: isIP(address) === 6 ? 6 : 4 }));
/** Resolves every name to an internal address. */
const named: Resolve = (hostname) => Promise.resolve(answer(FORBIDDEN_NAMES[hostname] ?? ['127.0.0.1']));

/** A complete download with the given resolver and connect step. */
function attempts(resolve: Resolve, open: OpenSource, allowed: readonly string[] = []) {
  const clock = new ManualClock();
  const follower = new LinkFollower(new LinkGuard(new AllowedHosts(allowed), resolve), open);
  const downloader = new Downloader({ follower, maxBytes: 1e6, stallMs: 5_000, clock });
  const spill = new SpillFile(join(tempDir(), 'a'));
  const { signal } = new AbortController();
  return async (link: string) => {
    const result = await downloader.attempt(link, spill, clock.now() + 10_000, signal);
    return result.kind === 'failed' ? result.fault.reason : result.kind;
  };
}

const REFUSALS = ['forbidden_address', 'invalid_url', 'insecure_url'];

describe('a link to a forbidden target', () => {
  it('is refused without a connection in over 200 spellings', async () => {
    const canary = await Canary.start();
    const attempt = attempts(named, canary.open);
    expect(new Set(FORBIDDEN_LINKS).size).toBeGreaterThanOrEqual(200);
    for (const link of new Set(FORBIDDEN_LINKS)) {
      expect(REFUSALS, link).toContain(await attempt(link));
    }
    expect(canary.targets.map(({ url }) => url.href)).toEqual([]);
    expect(canary.connections).toBe(0);
  });

  it('is refused by the real connect step too, although a listener on loopback waits', async () => {
    const canary = await Canary.start();
    const attempt = attempts(named, openHttpSource);
    const hosts = ['127.0.0.1', '127.1', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', '0', '0.0.0.0', 'localhost'];
    for (const scheme of ['https', 'http']) {
      for (const host of hosts) expect(REFUSALS).toContain(await attempt(`${scheme}://${host}:${canary.port}/a`));
    }
    expect(canary.connections).toBe(0);
  });

  it('would be detected: the canary sees connections that are allowed', async () => {
    const canary = await Canary.start();
    expect(await attempts(() => Promise.resolve(answer(PUBLIC)), canary.open)('https://public.test/a')).toBe(
      'source_unreachable',
    );
    expect(canary.connections).toBe(1);
    await attempts(named, openHttpSource, [`127.0.0.1:${canary.port}`])(`http://127.0.0.1:${canary.port}/a`);
    expect(canary.connections).toBe(2);
  });
});

describe('a resolver that changes its answers', () => {
  const list = (from: readonly string[]) => fc.array(fc.constantFrom(...from), { minLength: 1, maxLength: 4 });
  const anyAnswer = fc.oneof(list(PUBLIC), list(PRIVATE), list([...PUBLIC, ...PRIVATE]));

  it('never causes a connection to an address that was not judged, in 1,000 runs', async () => {
    const canary = await Canary.start();
    let flips = 0;
    await fc.assert(
      // The first answer is for the judgement, the next ones are for repeated queries and for the redirect.
      fc.asyncProperty(
        fc.array(anyAnswer, { minLength: 2, maxLength: 4 }),
        fc.boolean(),
        async (answers, redirects) => {
          flips += 1;
          let asked = 0;
          const reached: string[] = [];
          const resolve: Resolve = () => Promise.resolve(answer(answers[Math.min(asked++, answers.length - 1)] ?? []));
          const open: OpenSource = async (target, headers, signal) => {
            const addresses = target.addresses.map(({ address }) => address);
            reached.push(...addresses);
            if (!addresses.every(isPublicAddress)) return canary.open(target, headers, signal);
            if (!redirects) throw Object.assign(new Error(), { code: 'ECONNREFUSED' });
            return { status: 302, headers: { location: '/again' }, body: Readable.from([]) };
          };
          const reason = await attempts(resolve, open)('https://flip.test/a');
          const isClean = (index: number) =>
            (answers[Math.min(index, answers.length - 1)] ?? []).every(isPublicAddress);
          if (!isClean(0)) expect([reason, reached]).toEqual(['forbidden_address', []]);
          else if (!redirects) expect([reason, asked]).toEqual(['source_unreachable', 1]);
          else expect(reason).toBe([...Array(6).keys()].every(isClean) ? 'too_many_redirects' : 'forbidden_address');
          expect(reached.every(isPublicAddress)).toBe(true);
        },
      ),
      { numRuns: 1_000, seed: SEED },
    );
    expect(flips).toBe(1_000);
    expect(canary.connections).toBe(0);
  });

  it('is asked once for each connection, which then goes where the answer said', async () => {
    const source = await FaultySource.start();
    const link = new URL(source.serve('/a', whole(BODY)));
    link.hostname = 'flip.test';
    let asked = 0;
    const resolve: Resolve = () => Promise.resolve(answer([asked++ === 0 ? '127.0.0.1' : '10.0.0.1']));
    expect(await attempts(resolve, openHttpSource, ['flip.test'])(link.href)).toBe('complete');
    expect(asked).toBe(1);
  });
});

describe('a redirect', () => {
  const codes = Array.from({ length: 100 }, (_, index) => 300 + index);
  const goals = (port: number) => [
    `http://127.0.0.1:${port}/a`,
    `https://127.0.0.1:${port}/a`,
    `//127.0.0.1:${port}/a`,
    `https://[::ffff:127.0.0.1]:${port}/a`,
    `https://metadata.google.internal/a`,
    `https://localhost:${port}/a`,
    `https://2130706433:${port}/a`,
  ];

  it('of any status leads to no forbidden target', async () => {
    const canary = await Canary.start();
    const source = await FaultySource.start();
    const attempt = attempts(named, canary.openBut(source.host), [source.host]);
    for (const code of codes) {
      for (const [index, goal] of goals(canary.port).entries()) {
        const reason = await attempt(source.serve(`/${code}-${index}`, redirect(goal, code)));
        const follows = [301, 302, 303, 307, 308].includes(code);
        expect([code, goal, reason]).toEqual([
          code,
          goal,
          follows ? expect.stringMatching(/forbidden|insecure/) : 'source_error',
        ]);
      }
    }
    expect(source.requests).toHaveLength(700);
    expect([canary.connections, canary.targets]).toEqual([0, []]);
  });

  it.each([1, 2, 3, 4, 5])('to a forbidden target is refused after %i allowed ones', async (hops) => {
    const canary = await Canary.start();
    const source = await FaultySource.start();
    for (let hop = 0; hop < hops; hop += 1) {
      source.serve(`/${hop}`, redirect(hop === hops - 1 ? `https://127.0.0.1:${canary.port}/` : `/${hop + 1}`));
    }
    const attempt = attempts(named, canary.openBut(source.host), [source.host]);
    expect(await attempt(`http://${source.host}/0`)).toBe('forbidden_address');
    expect(canary.connections).toBe(0);
  });

  it('in other headers is ignored', async () => {
    const canary = await Canary.start();
    const source = await FaultySource.start();
    const goal = `https://127.0.0.1:${canary.port}/a`;
    const headers = {
      refresh: `0;url=${goal}`,
      'content-location': goal,
      'alt-svc': `h2="127.0.0.1:${canary.port}"`,
      link: `<${goal}>`,
    };
    const attempt = attempts(named, canary.openBut(source.host), [source.host]);
    expect(await attempt(source.serve('/a', whole(BODY, headers)))).toBe('complete');
    expect(canary.connections).toBe(0);
  });
});
