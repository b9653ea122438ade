import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ingressHeaders, postTo } from '../post.js';
import { MAX_BODY_BYTES, metric, startIngressOnMemory, TOKEN, type IngressOnMemory } from '../ingress-on-memory.js';
import { CALL_ENDED, ODD_SPELLING, SESSION_ENDED } from '../webhook/sample-events.js';

let ingress: IngressOnMemory;
beforeEach(async () => {
  ingress = await startIngressOnMemory();
});
afterEach(() => ingress.close());

const post = (body: string | Uint8Array, headers?: Record<string, string>) => postTo(ingress.url, body, headers);

describe('a valid event', () => {
  it('is answered 202 with the place that it is durable in', async () => {
    const response = await post(JSON.stringify(SESSION_ENDED));
    expect(response.status).toBe(202);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.text()).toBe('{"status":"accepted","stored":"kafka"}');
  });

  it('is stored with the very bytes that were sent', async () => {
    expect((await post(ODD_SPELLING)).status).toBe(202);
    expect(ingress.sink.records).toMatchObject([{ stream: 'events', key: 'odd-ü-😀', body: ODD_SPELLING }]);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', ''])(
    'is taken with the content type "%s"',
    async (type) => {
      expect((await post(JSON.stringify(SESSION_ENDED), { 'content-type': type })).status).toBe(202);
    },
  );

  it('is not answered before it is durable', async () => {
    ingress.sink.outcome = undefined;
    let answered = false;
    const response = post(JSON.stringify(SESSION_ENDED)).finally(() => (answered = true));
    await ingress.sink.arrived(1);
    // A round trip on another connection would overtake nothing that was on its way.
    expect((await fetch(`${ingress.url}/healthz`)).status).toBe(200);
    expect(answered).toBe(false);
    ingress.sink.settle({ kind: 'stored', place: 'kafka' });
    expect((await response).status).toBe(202);
  });

  it('is answered 202 with its place when it is in the spool', async () => {
    ingress.sink.outcome = { kind: 'stored', place: 'spool' };
    const response = await post(JSON.stringify(SESSION_ENDED));
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ status: 'accepted', stored: 'spool' });
    expect(await metric(ingress.metrics, 'ingress_events_total{event="session.ended",outcome="spool"}')).toBe(1);
  });

  it('is refused with 503 and Retry-After when it cannot be made durable', async () => {
    ingress.sink.outcome = { kind: 'refused', reason: 'Kafka is away' };
    const response = await post(JSON.stringify(SESSION_ENDED));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({
      status: 503,
      type: 'urn:pathors-session-stream:problem:unavailable',
    });
    expect(await metric(ingress.metrics, 'ingress_events_total{event="session.ended",outcome="refused"}')).toBe(1);
  });

  it('with a status that the vendor does not document is accepted and counted', async () => {
    expect((await post(JSON.stringify({ ...CALL_ENDED, callStatus: 'beamedUp' }))).status).toBe(202);
    expect(await metric(ingress.metrics, 'ingress_undocumented_call_status_total')).toBe(1);
  });

  it('of the largest size is accepted', async () => {
    const empty = JSON.stringify({ ...SESSION_ENDED, pad: '' });
    const body = JSON.stringify({ ...SESSION_ENDED, pad: 'x'.repeat(MAX_BODY_BYTES - empty.length) });
    expect(body.length).toBe(MAX_BODY_BYTES);
    expect((await post(body)).status).toBe(202);
    expect(ingress.sink.records[0]?.body.equals(Buffer.from(body))).toBe(true);
  });
});

describe('a body that is no valid event', () => {
  it.each([
    ['no JSON', Buffer.from('{"event":'), 'not_json', 'not-json'],
    ['empty', Buffer.alloc(0), 'not_json', 'not-json'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'not_utf8', 'not-utf8'],
  ])('is answered 400 and kept as it is: %s', async (_name, body, reason, type) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 400, type: `urn:pathors-session-stream:problem:${type}` });
    expect(ingress.sink.records).toMatchObject([{ stream: 'dead-letter', key: null, body }]);
    expect(ingress.sink.records[0]?.headers).toMatchObject({ reason, 'remote-address': '127.0.0.1' });
  });

  it('is answered 422 with every fault and kept under its session id', async () => {
    const body = JSON.stringify({ ...CALL_ENDED, callDuration: -1, timestamp: 'yesterday', projectId: undefined });
    const response = await post(body);
    expect(response.status).toBe(422);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const problem = (await response.json()) as { status: number; errors: { path: string }[] };
    expect(problem.status).toBe(422);
    expect(problem.errors.map(({ path }) => path).sort()).toEqual(['/callDuration', '/projectId', '/timestamp']);
    expect(ingress.sink.records).toMatchObject([
      { stream: 'dead-letter', key: CALL_ENDED.sessionId, body: Buffer.from(body), headers: { reason: 'schema' } },
    ]);
    expect(JSON.parse(ingress.sink.records[0]?.headers['errors'] ?? '')).toEqual(problem.errors);
    expect(await metric(ingress.metrics, 'ingress_events_total{event="call.ended",outcome="dead_letter"}')).toBe(1);
  });

  it('that names an unknown event is answered 422, and its name becomes no label', async () => {
    const response = await post(JSON.stringify({ ...SESSION_ENDED, event: 'session.exploded' }));
    expect(response.status).toBe(422);
    expect(ingress.sink.records[0]?.headers).toMatchObject({ reason: 'unknown_event' });
    expect(await ingress.metrics.registry.metrics()).not.toContain('exploded');
  });

  it('is not answered 4xx before it is durable, but 503', async () => {
    ingress.sink.outcome = { kind: 'refused', reason: 'Kafka is away' };
    expect((await post('{')).status).toBe(503);
    expect((await post('{}')).status).toBe(503);
  });
});

describe('a request without a known token', () => {
  it.each([
    ['none', {}],
    ['wrong', { authorization: 'Bearer wrong' }],
    ['a prefix of the right one', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['the right one in another header', { 'x-token': TOKEN }],
  ])('is answered 401 and nothing of it is kept: %s', async (_name, headers) => {
    const response = await fetch(`${ingress.url}/v1/webhooks/pathors`, {
      method: 'POST',
      headers: headers as Record<string, string>,
      body: JSON.stringify(SESSION_ENDED),
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toMatchObject({ status: 401 });
    expect(ingress.sink.records).toEqual([]);
  });

  it.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER  ${TOKEN}`, TOKEN, 'other-token'])(
    'but with one it passes: %s',
    async (value) => {
      expect((await post(JSON.stringify(SESSION_ENDED), { authorization: value })).status).toBe(202);
    },
  );
});

describe('other requests', () => {
  it('to unknown paths are answered 404', async () => {
    for (const path of ['/', '/v1/webhooks/pathors/', '/v1/webhooks', '/v1/webhooks/pathors%2f']) {
      const response = await fetch(ingress.url + path, { method: 'POST', headers: ingressHeaders, body: '{}' });
      expect([path, response.status]).toEqual([path, 404]);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
    }
  });

  it.each([
    ['/v1/webhooks/pathors', 'GET', 'POST'],
    ['/v1/webhooks/pathors', 'PUT', 'POST'],
    ['/v1/webhooks/pathors', 'DELETE', 'POST'],
    ['/v1/webhooks/pathors', 'OPTIONS', 'POST'],
    ['/healthz', 'POST', 'GET, HEAD'],
    ['/metrics', 'PATCH', 'GET, HEAD'],
  ])('with another method are answered 405: %s %s', async (path, method, allow) => {
    const response = await fetch(ingress.url + path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
  });

  it('with HEAD get no body, whatever the status', async () => {
    for (const [path, status] of [
      ['/healthz', 200],
      ['/metrics', 200],
      ['/nowhere', 404],
      ['/v1/webhooks/pathors', 405],
    ] as const) {
      const connection = await ingress.connect();
      connection.send(`HEAD ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      const head = await connection.response('head only');
      expect([path, head?.status]).toEqual([path, status]);
      expect(Number(head?.headers['content-length'])).toBeGreaterThan(0);
      // A body would stand where the next response must begin.
      connection.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(await connection.response()).toMatchObject({ status: 200, body: '{"status":"ok"}' });
    }
  });

  it('for readiness tell the truth', async () => {
    expect((await fetch(`${ingress.url}/readyz`)).status).toBe(200);
    ingress.sink.fault = 'not connected to Kafka';
    const response = await fetch(`${ingress.url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'not ready', reason: 'not connected to Kafka' });
    expect((await fetch(`${ingress.url}/healthz`)).status).toBe(200);
  });

  it('for metrics get Prometheus text', async () => {
    const response = await fetch(`${ingress.url}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    expect(text).toContain('ingress_events_total{event="session.ended",outcome="kafka"} 0');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });

  it('for the description get OpenAPI 3.1', async () => {
    expect(await (await fetch(`${ingress.url}/openapi.json`)).json()).toMatchObject({ openapi: '3.1.0' });
  });
});
