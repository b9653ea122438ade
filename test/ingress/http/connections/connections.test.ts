import { afterEach, describe, expect, it } from 'vitest';
import { MAX_HEAD_BYTES, metric, startIngressOnMemory, type IngressOnMemory } from '../../ingress-on-memory.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { EVENT, get, head, post } from '../framing/framing-cases.js';

let ingress: IngressOnMemory;
afterEach(() => ingress.close());

const unused = () => metric(ingress.metrics, 'ingress_connections_without_request_total');
const REJECTED_HEADS = 'ingress_rejected_requests_total{reason="head_too_large"}';

describe('a connection to a quiet server', () => {
  it.each(['auto', 'never'] as const)('is closed by the answer in mode %s', async (keepAlive) => {
    ingress = await startIngressOnMemory({ keepAlive });
    for (const request of [post(), get('/healthz'), get('/nowhere')]) {
      const connection = await ingress.connect();
      const response = await connection.send(request).response();
      expect(response?.headers['connection']).toBe('close');
      expect(await connection.end()).toBe('');
    }
    await expect.poll(() => ingress.server.openConnections).toBe(0);
    expect(ingress.sink.records).toHaveLength(1);
  });

  it('is kept in mode always, with the time for which clients may reuse it', async () => {
    ingress = await startIngressOnMemory({ keepAlive: 'always' });
    const connection = await ingress.connect();
    for (let request = 0; request < 3; request += 1) {
      const response = await connection.send(post()).response();
      expect(response?.headers).not.toHaveProperty('connection');
      expect(response?.headers).toMatchObject({ 'keep-alive': 'timeout=5' });
    }
  });
});

describe('a connection to a busy server', () => {
  it('is kept while it is busy, and closed by the first answer after the rate dropped', async () => {
    const clock = new ManualClock();
    ingress = await startIngressOnMemory({ keepAlive: 'auto', clock });
    let connection = await ingress.connect();
    const request = async (bytes: string): Promise<boolean> => {
      const response = await connection.send(bytes).response();
      const isKept = response?.headers['connection'] !== 'close';
      if (!isKept) connection = await ingress.connect();
      return isKept;
    };
    const kept: boolean[] = [];
    // 1,500 requests a second.
    for (let slot = 0; slot < 12; slot += 1) {
      for (let due = 0; due < 150; due += 1) kept.push(await request(get('/healthz')));
      await clock.advance(100);
    }
    expect(kept.slice(0, 1_000)).not.toContain(true);
    expect(kept.slice(-150)).not.toContain(false);
    expect(await request(post())).toBe(true);
    await clock.advance(200);
    expect(await request(post())).toBe(false);
  });
});

describe('a server that retires', () => {
  it('is not ready, serves old and new connections, and closes each with its answer', async () => {
    ingress = await startIngressOnMemory({ keepAlive: 'always' });
    const before = await ingress.connect();
    expect(await before.send(get('/readyz')).response()).toMatchObject({ status: 200 });
    ingress.server.retire();
    for (const connection of [before, await ingress.connect()]) {
      expect(await connection.send(post()).response()).toMatchObject({ status: 202, headers: { connection: 'close' } });
      expect(await connection.end()).toBe('');
    }
    const probe = await ingress.connect();
    expect(await probe.send(get('/readyz')).response()).toMatchObject({
      status: 503,
      headers: { connection: 'close' },
    });
    await ingress.server.whenDisconnected(60_000);
    expect(ingress.server.openConnections).toBe(0);
  });

  it('answers a request on a connection that was accepted before the port was closed', async () => {
    ingress = await startIngressOnMemory();
    const connection = await ingress.connect();
    await expect.poll(() => ingress.server.openConnections).toBe(1);
    ingress.server.drain();
    await ingress.server.whenIdle();
    const disconnected = ingress.server.whenDisconnected(60_000);
    expect(await connection.send(post()).response()).toMatchObject({ status: 202, headers: { connection: 'close' } });
    await disconnected;
  });

  it('does not wait for an idle connection longer than told', async () => {
    ingress = await startIngressOnMemory();
    await ingress.connect();
    await expect.poll(() => ingress.server.openConnections).toBe(1);
    await ingress.server.whenDisconnected(1);
    expect(ingress.server.openConnections).toBe(1);
  });
});

describe('a connection without a request that can be read', () => {
  it.each([
    ['HTTP/1.0', post().replace('HTTP/1.1', 'HTTP/1.0'), 505],
    ['a target in absolute form', post().replace('/v1', 'http://x/v1'), 505],
    ['a head over twice the limit', head(`X: ${'a'.repeat(2 * MAX_HEAD_BYTES)}`), 431],
    ['200 header fields', head(...Array.from({ length: 200 }, (_, n) => `X-${n}: a`)), 431],
  ])('is counted: %s', async (_name, bytes, status) => {
    ingress = await startIngressOnMemory();
    const connection = await ingress.connect();
    expect(await connection.send(bytes).response()).toMatchObject({ status });
    await connection.end();
    expect(await unused()).toBe(1);
    expect(ingress.sink.records).toEqual([]);
  });

  it('is counted: a TCP probe', async () => {
    ingress = await startIngressOnMemory();
    const connection = await ingress.connect();
    await expect.poll(() => ingress.server.openConnections).toBe(1);
    connection.destroy();
    await expect.poll(unused).toBe(1);
  });

  it('is told from one that has carried requests, even if it ends during one', async () => {
    ingress = await startIngressOnMemory();
    const [idle, waiting] = [await ingress.connect(), await ingress.connect()];
    await idle.send(post()).response();
    ingress.sink.outcome = undefined;
    waiting.send(post());
    await ingress.sink.arrived(2);
    idle.destroy();
    waiting.destroy();
    await expect.poll(() => ingress.server.openConnections).toBe(0);
    expect(await unused()).toBe(0);
  });
});

describe('a request head', () => {
  it.each([
    ['of 8 KiB', [`X: ${'a'.repeat(8_192)}`]],
    ['of nearly the limit', [`X: ${'a'.repeat(MAX_HEAD_BYTES - 200)}`]],
    ['with 95 fields', Array.from({ length: 92 }, (_, n) => `X-${n}: a`)],
  ])('%s is accepted', async (_name, fields) => {
    ingress = await startIngressOnMemory();
    const connection = await ingress.connect();
    const response = await connection.send(head(`Content-Length: ${EVENT.length}`, ...fields) + EVENT).response();
    expect(response?.status).toBe(202);
    expect(await metric(ingress.metrics, REJECTED_HEADS)).toBe(0);
  });

  it.each([
    ['in one field', head(`X: ${'a'.repeat(MAX_HEAD_BYTES)}`)],
    ['in the target', get(`/healthz?${'a'.repeat(MAX_HEAD_BYTES)}`)],
    ['in many fields', head(...Array.from({ length: 80 }, (_, n) => `X-${n}: ${'a'.repeat(250)}`))],
  ])('over the limit %s is answered 431, not kept and counted', async (_name, bytes) => {
    ingress = await startIngressOnMemory();
    const connection = await ingress.connect();
    const response = await connection.send(bytes).response();
    expect(response).toMatchObject({ status: 431, headers: { connection: 'close' } });
    expect(JSON.parse(response?.body ?? '')).toMatchObject({
      type: 'urn:pathors-session-stream:problem:head-too-large',
    });
    expect(await metric(ingress.metrics, REJECTED_HEADS)).toBe(1);
    expect(ingress.sink.records).toEqual([]);
  });
});
