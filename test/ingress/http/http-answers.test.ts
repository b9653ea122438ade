import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ingressHeaders, postTo } from '../post.js';
import { MAX_BODY_BYTES, metric, startIngressOnMemory, TOKEN, type IngressOnMemory } from '../ingress-on-memory.js';
import { CALL_ENDED, CALL_FINALIZED, ODD_SPELLING, RECORDING_READY, SESSION_ENDED } from '../webhook/sample-events.js';

let ingress: IngressOnMemory;
beforeEach(async () => {
  ingress = await startIngressOnMemory();
});
afterEach(() => ingress.close());

const post = (body: string | Uint8Array, headers?: Record<string, string>) => postTo(ingress.url, body, headers);

describe('a valid event', () => {
  it('is answered 202 with its storage place', async () => {
    const response = await post(JSON.stringify(SESSION_ENDED));
    expect(response.status).toBe(202);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.text()).toBe('{"status":"accepted","stored":"kafka"}');
  });

  it('is stored with exactly the sent bytes', async () => {
    expect((await post(ODD_SPELLING)).status).toBe(202);
    expect(ingress.sink.records).toMatchObject([{ stream: 'events', key: 'odd-ü-😀', body: ODD_SPELLING }]);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', ''])(
    'is accepted with the content type "%s"',
    async (type) => {
      expect((await post(JSON.stringify(SESSION_ENDED), { 'content-type': type })).status).toBe(202);
    },
  );

  it('is not answered until it is durable', async () => {
    ingress.sink.outcome = undefined;
    let answered = false;
    const response = post(JSON.stringify(SESSION_ENDED)).finally(() => (answered = true));
    await ingress.sink.arrived(1);
    // After a round trip on another connection, an early answer would have arrived.
    expect((await fetch(`${ingress.url}/healthz`)).status).toBe(200);
    expect(answered).toBe(false);
    ingress.sink.settle({ kind: 'stored', place: 'kafka' });
    expect((await response).status).toBe(202);
  });

  it('is answered 202 with "spool" if it is in the spool', async () => {
    ingress.sink.outcome = { kind: 'stored', place: 'spool' };
    const response = await post(JSON.stringify(SESSION_ENDED));
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ status: 'accepted', stored: 'spool' });
    expect(await metric(ingress.metrics, 'ingress_events_total{event="session.ended",outcome="spool"}')).toBe(1);
  });

  it('that is larger than Kafka takes is answered 413 and counted, as soon as the limit is known', async () => {
    const body = JSON.stringify({ ...SESSION_ENDED, padding: 'x'.repeat(1_000) });
    expect((await post(body)).status).toBe(202);
    ingress.sink.limitBytes = 1_000;
    expect((await post(body)).status).toBe(413);
    const chunked = await fetch(`${ingress.url}/v1/webhooks/pathors`, {
      method: 'POST',
      headers: ingressHeaders,
      body: new Blob([body]).stream(),
      duplex: 'half',
    });
    expect(chunked.status).toBe(413);
    expect(ingress.sink.records).toHaveLength(1);
    expect(await metric(ingress.metrics, 'ingress_rejected_requests_total{reason="too_large"}')).toBe(2);
  });

  it.each([
    [true, 413],
    [false, 422],
  ])('that Kafka rejects (too large: %s) is answered %i and counted as a dead letter', async (isTooLarge, status) => {
    ingress.sink.outcome = { kind: 'rejected', isTooLarge };
    expect((await post(JSON.stringify(SESSION_ENDED))).status).toBe(status);
    expect(await metric(ingress.metrics, 'ingress_events_total{event="session.ended",outcome="dead_letter"}')).toBe(1);
  });

  it('is refused with 503 and Retry-After if it cannot be made durable', async () => {
    ingress.sink.outcome = { kind: 'refused', reason: 'Kafka is unavailable' };
    const response = await post(JSON.stringify(SESSION_ENDED));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({
      status: 503,
      type: 'urn:pathors-session-stream:problem:unavailable',
    });
    expect(await metric(ingress.metrics, 'ingress_events_total{event="session.ended",outcome="refused"}')).toBe(1);
  });

  it.each<[string, object]>([
    ['undocumented_call_status', { ...CALL_ENDED, callStatus: 'beamedUp' }],
    ['undocumented_call_status', { ...CALL_FINALIZED, callStatus: '' }],
    ['null_call_status', { ...CALL_FINALIZED, callStatus: null, callDuration: undefined }],
    ['null_call_duration', { ...CALL_FINALIZED, callStatus: undefined, callDuration: null }],
    ['null_recording_url', { ...RECORDING_READY, success: false, recordingUrl: null }],
    ['null_reason', { ...SESSION_ENDED, reason: null }],
    ['other_reason', { ...SESSION_ENDED, reason: 'hung_up' }],
    ['other_reason', { ...SESSION_ENDED, reason: 7 }],
  ])('is accepted, counted and kept unchanged though undocumented: %s in %j', async (deviation, event) => {
    const body = JSON.stringify(event);
    expect((await post(body)).status).toBe(202);
    expect(await metric(ingress.metrics, `ingress_tolerated_total{case="${deviation}"}`)).toBe(1);
    expect(ingress.sink.records[0]?.body.toString()).toBe(body);
  });

  it('as documented is not counted as tolerated', async () => {
    for (const event of [SESSION_ENDED, CALL_ENDED, CALL_FINALIZED, RECORDING_READY]) await post(JSON.stringify(event));
    const counts = await ingress.metrics.registry.getSingleMetric('ingress_tolerated_total')?.get();
    expect(counts?.values.length).toBeGreaterThan(0);
    expect(counts?.values.every(({ value }) => value === 0)).toBe(true);
  });

  it('of the maximum size is accepted', async () => {
    const empty = JSON.stringify({ ...SESSION_ENDED, pad: '' });
    const body = JSON.stringify({ ...SESSION_ENDED, pad: 'x'.repeat(MAX_BODY_BYTES - empty.length) });
    expect(body.length).toBe(MAX_BODY_BYTES);
    expect((await post(body)).status).toBe(202);
    expect(ingress.sink.records[0]?.body.equals(Buffer.from(body))).toBe(true);
  });
});

describe('a body that is not a valid event', () => {
  it.each([
    ['not JSON', Buffer.from('{"event":'), 'not_json', 'not-json'],
    ['empty', Buffer.alloc(0), 'not_json', 'not-json'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'not_utf8', 'not-utf8'],
  ])('is answered 400 and kept unchanged: %s', async (_name, body, reason, type) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 400, type: `urn:pathors-session-stream:problem:${type}` });
    expect(ingress.sink.records).toMatchObject([{ stream: 'dead-letter', key: null, body }]);
    expect(ingress.sink.records[0]?.headers).toMatchObject({ reason, 'remote-address': '127.0.0.1' });
  });

  it('is answered 422 with every fault and kept with its session id as key', async () => {
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

  it('with an unknown event name is answered 422 without creating a metrics label', async () => {
    const response = await post(JSON.stringify({ ...SESSION_ENDED, event: 'session.exploded' }));
    expect(response.status).toBe(422);
    expect(ingress.sink.records[0]?.headers).toMatchObject({ reason: 'unknown_event' });
    expect(await ingress.metrics.registry.metrics()).not.toContain('exploded');
  });

  it('is answered 503 instead of 4xx if it cannot be made durable', async () => {
    ingress.sink.outcome = { kind: 'refused', reason: 'Kafka is unavailable' };
    expect((await post('{')).status).toBe(503);
    expect((await post('{}')).status).toBe(503);
  });
});

describe('authentication', () => {
  it.each([
    ['missing', {}],
    ['wrong', { authorization: 'Bearer wrong' }],
    ['a prefix of the right one', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['in another header', { 'x-token': TOKEN }],
  ])('answers 401 and keeps nothing, with a token that is %s', async (_name, headers) => {
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
    'accepts %s',
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
      // A body would precede the next response.
      connection.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(await connection.response()).toMatchObject({ status: 200, body: '{"status":"ok"}' });
    }
  });

  it('for readiness are answered with the fault, if any', async () => {
    expect((await fetch(`${ingress.url}/readyz`)).status).toBe(200);
    ingress.sink.fault = 'not connected to Kafka';
    const response = await fetch(`${ingress.url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'not ready', reason: 'not connected to Kafka' });
    expect((await fetch(`${ingress.url}/healthz`)).status).toBe(200);
  });

  it('for metrics are answered with Prometheus text', async () => {
    const response = await fetch(`${ingress.url}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    expect(text).toContain('ingress_events_total{event="session.ended",outcome="kafka"} 0');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });

  it('for the API description are answered with OpenAPI 3.1', async () => {
    expect(await (await fetch(`${ingress.url}/openapi.json`)).json()).toMatchObject({ openapi: '3.1.0' });
  });
});
