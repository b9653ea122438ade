import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../../infra/async/clock.js';
import { AllowedHosts } from '../../../../processor/archive/source/allowed-hosts.js';
import { Downloader } from '../../../../processor/archive/source/download.js';
import { LinkFollower } from '../../../../processor/archive/source/follow-link.js';
import { openHttpSource, type OpenSource } from '../../../../processor/archive/source/http-source.js';
import { LinkGuard, type Resolve } from '../../../../processor/archive/source/link-guard.js';
import { SpillFile } from '../../../../processor/archive/spill/spill-file.js';
import { sha256, wav } from '../recording/audio-samples.js';
import { cutAfter, FaultySource, page, redirect, stallAfter, status, whole, type Answer } from './faulty-source.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { tempDir } from '../../../support/temp-dir.js';

const BODY = wav(300_000);
const noResolver: Resolve = (hostname) => Promise.reject(new Error(`asked for ${hostname}`));

type Setup = {
  maxBytes?: number;
  stallMs?: number;
  allowed?: string[];
  resolve?: Resolve;
  open?: OpenSource;
  /** Stands still by default, so that a slow machine never causes a stall. */
  clock?: Clock;
};

async function setup(options: Setup = {}) {
  const { maxBytes = 1_000_000, stallMs = 5_000, allowed, resolve = noResolver, open } = options;
  const clock = options.clock ?? new ManualClock();
  const source = await FaultySource.start();
  const guard = new LinkGuard(new AllowedHosts(allowed ?? [source.host]), resolve);
  const follower = new LinkFollower(guard, open ?? openHttpSource);
  const downloader = new Downloader({ follower, maxBytes, stallMs, clock });
  const spill = new SpillFile(join(tempDir(), 'a'));
  const stop = new AbortController();
  const attempt = (link: string, withinMs = 20_000) =>
    downloader.attempt(link, spill, clock.now() + withinMs, stop.signal);
  return { source, spill, stop, attempt };
}

/** Makes one attempt against one answer. */
async function attemptOn(answer: Answer, options: Setup = {}, withinMs?: number) {
  const { source, attempt, spill } = await setup(options);
  const result = await attempt(source.serve('/a', answer), withinMs);
  return { result, spill, source };
}

const failed = (reason: string) => ({ kind: 'failed', fault: { reason } });

describe('a well-behaved source', () => {
  it('is downloaded whole, hashed, and its type identified', async () => {
    const { result, spill, source } = await attemptOn(whole(BODY));
    expect(result).toEqual({ kind: 'complete', audio: { contentType: 'audio/wav', extension: 'wav' } });
    expect([spill.bytes, spill.sha256()]).toEqual([BODY.length, sha256(BODY)]);
    expect(readFileSync(spill.path).equals(BODY)).toBe(true);
    expect(source.requests[0]?.headers).toMatchObject({ 'accept-encoding': 'identity', host: source.host });
  });

  it('may omit the length', async () => {
    const { result, spill } = await attemptOn((_, response) => {
      response.write(BODY.subarray(0, 1_000));
      response.end(BODY.subarray(1_000));
    });
    expect(result.kind).toBe('complete');
    expect(spill.sha256()).toBe(sha256(BODY));
  });

  it('may redirect, at most five times', async () => {
    const { source, attempt, spill } = await setup();
    source.serve('/end', whole(BODY));
    const hops = [307, 308, 303, 301, 302].map((code, index, { length }) =>
      source.serve(`/hop${index}`, redirect(index === length - 1 ? '/end' : `/hop${index + 1}`, code)),
    );
    expect((await attempt(hops[0] ?? '')).kind).toBe('complete');
    expect(spill.sha256()).toBe(sha256(BODY));
    source.serve('/one-too-many', redirect('/hop0'));
    expect(await attempt(`http://${source.host}/one-too-many`)).toMatchObject(failed('too_many_redirects'));
  });

  it('may compress although it was not asked to', async () => {
    const zipped = await attemptOn((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', etag: '"v1"' }).end(gzipSync(BODY));
    });
    expect(zipped.result.kind).toBe('complete');
    expect(zipped.spill.sha256()).toBe(sha256(BODY));
  });
});

describe('a download that is cut', () => {
  it('continues where it was cut, if the source supports it', async () => {
    const { source, attempt, spill } = await setup();
    const link = source.serve('/a', cutAfter(BODY, 100_000), whole(BODY));
    expect(await attempt(link)).toMatchObject(failed('truncated'));
    const have = spill.bytes;
    expect(have).toBeGreaterThan(0);
    expect((await attempt(link)).kind).toBe('complete');
    expect(source.requests[1]?.headers).toMatchObject({ range: `bytes=${have}-`, 'if-range': '"v1"' });
    expect(spill.sha256()).toBe(sha256(BODY));
    expect(readFileSync(spill.path).equals(BODY)).toBe(true);
  });

  it('starts over if the recording has changed', async () => {
    const { source, attempt, spill } = await setup();
    const link = source.serve('/a', cutAfter(wav(300_000), 100_000, { etag: '"v0"' }), whole(BODY));
    expect(await attempt(link)).toMatchObject(failed('truncated'));
    expect((await attempt(link)).kind).toBe('complete');
    expect(spill.sha256()).toBe(sha256(BODY));
    expect(readFileSync(spill.path).equals(BODY)).toBe(true);
  });

  it('starts over if the source offers no validator', async () => {
    const { source, attempt, spill } = await setup();
    const link = source.serve('/a', cutAfter(BODY, 100_000, {}), whole(BODY));
    expect(await attempt(link)).toMatchObject(failed('truncated'));
    expect((await attempt(link)).kind).toBe('complete');
    expect(source.requests[1]?.headers.range).toBeUndefined();
    expect(spill.sha256()).toBe(sha256(BODY));
  });

  it('starts over if the source answers with another range', async () => {
    const { source, attempt, spill } = await setup();
    const wrong: Answer = (_, response) => {
      response.writeHead(206, { 'content-range': `bytes 7-${BODY.length - 1}/${BODY.length}` }).end(BODY.subarray(7));
    };
    const link = source.serve('/a', cutAfter(BODY, 100_000), wrong, whole(BODY));
    expect(await attempt(link)).toMatchObject(failed('truncated'));
    expect(await attempt(link)).toMatchObject(failed('source_error'));
    expect((await attempt(link)).kind).toBe('complete');
    expect(spill.sha256()).toBe(sha256(BODY));
  });

  it('is detected without a length in a chunked body', async () => {
    const { result } = await attemptOn((_, response) => {
      response.write(BODY.subarray(0, 50_000), () => setImmediate(() => response.destroy()));
    });
    expect(result).toMatchObject(failed('truncated'));
  });

  it('is detected inside a compressed body', async () => {
    const { result, spill } = await attemptOn((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(BODY).subarray(0, 100_000));
    });
    expect(result).toMatchObject(failed('truncated'));
    expect(spill.resume).toBeUndefined();
  });
});

describe('a source that states hashes', () => {
  const hash = (algorithm: string, body = BODY) => createHash(algorithm).update(body).digest('base64');
  const [right, wrong] = [hash('sha256'), hash('sha256', Buffer.from('x'))];

  it.each<[string, string]>([
    ['content-md5', hash('md5')],
    ['digest', `SHA-256=${right}`],
    ['content-digest', `sha-256=:${right}:`],
    ['repr-digest', `sha-512=:AAAA:, sha-256=:${right}:`],
    ['x-amz-checksum-sha256', right],
    ['x-goog-hash', `crc32c=AAAAAA==,md5=${hash('md5')}`],
  ])('in %s is accepted if they match and rejected if they do not', async (name, value) => {
    expect((await attemptOn(whole(BODY, { [name]: value }))).result.kind).toBe('complete');
    const other = Buffer.from(BODY);
    other.writeUInt8(other.readUInt8(200_000) ^ 1, 200_000);
    const { result, spill } = await attemptOn(whole(other, { [name]: value }));
    expect(result).toMatchObject(failed('checksum_mismatch'));
    expect([spill.bytes, spill.resume]).toEqual([0, undefined]);
  });

  it.each<[string, Record<string, string>]>([
    ['not base64', { 'content-md5': 'd41d8cd98f00b204e9800998ecf8427e' }],
    ['of parts of an upload', { 'x-amz-checksum-sha256': `${wrong}-3` }],
    [
      'of compressed stored bytes',
      { 'x-goog-hash': `md5=${hash('md5', Buffer.from('x'))}`, 'x-goog-stored-content-encoding': 'gzip' },
    ],
    ['of an unknown kind', { 'repr-digest': 'crc32c=:AAAAAA==:' }],
  ])('that are %s is not held to them', async (_, headers) => {
    expect((await attemptOn(whole(BODY, headers))).result.kind).toBe('complete');
  });

  it('is held to them across a download that was cut', async () => {
    for (const [stated, kind] of [
      [hash('md5'), 'complete'],
      [hash('md5', Buffer.from('x')), 'failed'],
    ] as const) {
      const { source, attempt, spill } = await setup();
      const headers = { etag: '"v1"', 'content-md5': stated };
      // A response to a range may state the hash of the rest, which is not the hash of the recording.
      const link = source.serve(
        '/a',
        cutAfter(BODY, 100_000, headers),
        whole(BODY, { 'content-md5': hash('md5', Buffer.from('rest')) }),
      );
      expect(await attempt(link)).toMatchObject(failed('truncated'));
      expect(spill.bytes).toBeGreaterThan(0);
      expect((await attempt(link)).kind).toBe(kind);
      expect(source.requests[1]?.headers.range).toBeDefined();
    }
  });

  it('and compresses is held only to the checksum of its compression', async () => {
    const { result } = await attemptOn((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', digest: `sha-256=${wrong}` }).end(gzipSync(BODY));
    });
    expect(result.kind).toBe('complete');
  });
});

describe('a source that misbehaves', () => {
  it.each<[string, string, Answer]>([
    ['an expired link', 'expired', status(403, {}, '<Error/>')],
    ['a link that is gone', 'expired', status(410)],
    ['a refusal', 'source_refused', status(400)],
    ['an outage', 'source_error', status(503, { 'retry-after': '1' })],
    ['a redirect without a target', 'source_error', status(302)],
    ['a redirect to itself', 'too_many_redirects', redirect('/a')],
    ['a redirect to a forbidden address', 'insecure_url', redirect('http://169.254.169.254/latest')],
    ['a redirect to a forbidden address over TLS', 'forbidden_address', redirect('https://169.254.169.254/latest')],
    ['a redirect to loopback on another port', 'forbidden_address', redirect('https://127.0.0.1:1/a')],
    ['a redirect to a file', 'invalid_url', redirect('file:///etc/passwd')],
    ['a redirect with credentials', 'invalid_url', redirect('https://a:b@example.com/')],
    ['a page instead of audio', 'not_audio', page('<html>expired</html>', 'text/html')],
    ['a page that claims to be audio', 'not_audio', page('{"error":"expired"}', 'audio/wav')],
    ['an empty body', 'empty_body', status(200)],
    ['an empty body in chunks', 'empty_body', (_, response) => response.writeHead(200).end()],
    ['no content', 'empty_body', status(204)],
    ['an unknown coding', 'bad_encoding', status(200, { 'content-encoding': 'zstd' }, 'x')],
    [
      'a body that is not in its stated coding',
      'bad_encoding',
      status(200, { 'content-encoding': 'gzip' }, 'not gzip'),
    ],
    ['a body that is too long', 'too_large', whole(wav(1_000_001))],
    [
      'a body that is too long and does not state its length',
      'too_large',
      (_, response) => response.writeHead(200).end(wav(1_100_000)),
    ],
    [
      'a decompression bomb',
      'too_large',
      (_, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(5e6))),
    ],
    ['no answer', 'source_unreachable', (request) => request.socket.destroy()],
    ['another protocol than HTTP', 'source_error', (request) => request.socket.end('SSH-2.0-OpenSSH\r\n')],
  ])('sends %s: %s', async (_, reason, answer) => {
    const { result } = await attemptOn(answer);
    expect(result).toMatchObject(failed(reason));
  });

  it('sends an endless body: the download ends at the limit', async () => {
    const endless: Answer = (_, response) => {
      const push = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384, 0x55)));
        if (!response.destroyed) response.once('drain', push);
      };
      push();
    };
    const { result } = await attemptOn(endless, { maxBytes: 200_000 });
    expect(result).toMatchObject(failed('too_large'));
  });

  it.each<[string, Answer]>([
    ['stalls before it answers', () => undefined],
    ['stalls in the middle', stallAfter(BODY, 10_000)],
  ])('is abandoned if it %s', async (_, answer) => {
    const { result } = await attemptOn(answer, { stallMs: 100, clock: systemClock });
    expect(result).toEqual(failed('timeout'));
  });

  it('is abandoned if it trickles', async () => {
    const trickle: Answer = (_, response) => {
      response.writeHead(200, { 'content-length': 100_000 });
      const timer = setInterval(() => response.write('x'), 100);
      response.on('close', () => clearInterval(timer));
    };
    expect((await attemptOn(trickle, { stallMs: 300, clock: systemClock })).result).toEqual(failed('timeout'));
  });

  it('is abandoned at the deadline, however fast it is', async () => {
    const fast: Answer = (_, response) => {
      response.writeHead(200, { 'content-length': 1_000_000 });
      const timer = setInterval(() => response.write(Buffer.alloc(1_000)), 5);
      response.on('close', () => clearInterval(timer));
    };
    expect((await attemptOn(fast, { clock: systemClock }, 200)).result).toEqual(failed('timeout'));
  });

  it('is reported as unreachable, without its name', async () => {
    const { source, attempt } = await setup({ allowed: ['gone.test', '127.0.0.1'] });
    expect(await attempt('https://gone.test/a')).toEqual({
      kind: 'failed',
      fault: { reason: 'source_unreachable', detail: 'DNS' },
    });
    const link = source.serve('/a', whole(BODY));
    source.stop();
    expect(await attempt(link)).toEqual({
      kind: 'failed',
      fault: { reason: 'source_unreachable', detail: 'ECONNREFUSED' },
    });
  });

  it('speaks plain HTTP instead of TLS: a TLS error', async () => {
    const { source, attempt } = await setup();
    expect(await attempt(`https://${source.host}/a`)).toMatchObject(failed('tls_error'));
  });
});

describe('the connection', () => {
  it('goes to the judged address, under the host name of the link', async () => {
    let asked = 0;
    const resolve: Resolve = () =>
      Promise.resolve([{ address: (asked += 1) === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }]);
    const { source, attempt } = await setup({ resolve, allowed: ['rebind.test'] });
    source.serve('/a', whole(BODY));
    expect((await attempt(`http://rebind.test:${source.port}/a`)).kind).toBe('complete');
    expect(asked).toBe(1);
    expect(source.requests[0]?.headers.host).toBe(`rebind.test:${source.port}`);
  });

  it('is never opened for a forbidden address', async () => {
    const opened: string[] = [];
    const open: OpenSource = ({ url }) => {
      opened.push(url.href);
      return Promise.reject(new Error('must not be reached'));
    };
    const resolve: Resolve = () => Promise.resolve([{ address: '192.168.1.1', family: 4 }]);
    const { attempt } = await setup({ open, resolve, allowed: ['elsewhere.test'] });
    for (const link of ['https://127.0.0.1/a', 'https://inside.test/a', 'http://example.com/a', 'https://[::1]/']) {
      expect((await attempt(link)).kind).toBe('failed');
    }
    expect(opened).toEqual([]);
  });
});

describe('stopping', () => {
  it('ends an attempt at once', async () => {
    const { source, attempt, stop, spill } = await setup();
    const link = source.serve('/a', (request, response) => {
      stallAfter(BODY, 10_000)(request, response);
      setImmediate(() => stop.abort());
    });
    expect((await attempt(link)).kind).toBe('failed');
    await spill.remove();
    expect(existsSync(spill.path)).toBe(false);
  });
});
