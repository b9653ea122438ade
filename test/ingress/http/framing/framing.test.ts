import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chunk, EVENT, head, HIDDEN, post } from './framing-cases.js';
import { MAX_BODY_BYTES, metric, startIngressOnMemory, TOKEN, type IngressOnMemory } from '../../ingress-on-memory.js';

let ingress: IngressOnMemory;
beforeEach(async () => {
  ingress = await startIngressOnMemory();
});
afterEach(() => ingress.close());

describe('a body that arrives in pieces', () => {
  it('is accepted in chunks', async () => {
    const connection = await ingress.connect();
    connection.send(head('Transfer-Encoding: chunked'), chunk(EVENT.slice(0, 10)), chunk(EVENT.slice(10)), '0\r\n\r\n');
    expect(await connection.response()).toMatchObject({ status: 202 });
    expect(ingress.sink.records[0]?.body.toString()).toBe(EVENT);
  });

  it('is accepted byte by byte, including the headers', async () => {
    const connection = await ingress.connect();
    for (const byte of Buffer.from(post())) {
      connection.send(Buffer.from([byte]));
      await connection.flushed();
    }
    expect(await connection.response()).toMatchObject({ status: 202 });
    expect(ingress.sink.records[0]?.body.toString()).toBe(EVENT);
    expect(ingress.budget.usedBytes).toBe(0);
  });

  it('is accepted again on the same connection', async () => {
    const connection = await ingress.connect();
    for (let n = 1; n <= 3; n += 1) {
      connection.send(post());
      expect(await connection.response()).toMatchObject({ status: 202 });
      expect(ingress.sink.records).toHaveLength(n);
    }
  });

  it('is accepted after 100 Continue', async () => {
    const connection = await ingress.connect();
    connection.send(head(`Content-Length: ${EVENT.length}`, 'Expect: 100-continue'));
    expect(await connection.response()).toMatchObject({ status: 100 });
    connection.send(EVENT);
    expect(await connection.response()).toMatchObject({ status: 202 });
  });
});

describe('a request with ambiguous framing', () => {
  it('is rejected, and a request hidden behind it ignored, in the same packet or later', async () => {
    const hidden = head('Content-Length: 0', `Content-Length: ${HIDDEN.length}`) + HIDDEN;
    const together = await ingress.connect();
    together.send(hidden);
    await together.end();

    const later = await ingress.connect();
    later.send(head('Content-Length: 0', `Content-Length: ${HIDDEN.length}`));
    expect(await later.response()).toMatchObject({ status: 400 });
    later.send(HIDDEN);
    expect(await later.end()).toBe('');

    expect(ingress.sink.records).toEqual([]);
  });

  it('hides no request behind a chunk of invalid size', async () => {
    const connection = await ingress.connect();
    connection.send(head('Transfer-Encoding: chunked'), 'zz\r\n', EVENT, '\r\n0\r\n\r\n', HIDDEN);
    await connection.end();
    expect(ingress.sink.records).toEqual([]);
  });
});

describe('a body that is too large is answered 413 and its connection closed', () => {
  it('when its length exceeds the limit', async () => {
    const connection = await ingress.connect();
    connection.send(head(`Content-Length: ${MAX_BODY_BYTES + 1}`));
    expect(await connection.response()).toMatchObject({ status: 413 });
    expect(await connection.end()).toBe('');
  });

  it('when its chunks exceed the limit', async () => {
    const connection = await ingress.connect();
    connection.send(head('Transfer-Encoding: chunked'));
    for (let sent = 0; sent <= MAX_BODY_BYTES; sent += 10_000) connection.send(chunk('x'.repeat(10_000)));
    expect(await connection.response()).toMatchObject({ status: 413 });
    await connection.end();
    expect(ingress.sink.records).toEqual([]);
    expect(ingress.budget.usedBytes).toBe(0);
  });

  it('even if the sender reads only after sending everything', async () => {
    const response = await fetch(`${ingress.url}/v1/webhooks/pathors`, {
      method: 'POST',
      headers: { authorization: TOKEN },
      body: 'x'.repeat(3 * MAX_BODY_BYTES),
    });
    expect(response.status).toBe(413);
  });
});

describe('an incomplete body', () => {
  it('is answered 408 at the timeout, and its connection closed', async () => {
    const impatient = await startIngressOnMemory({ bodyTimeoutMs: 20 });
    try {
      const connection = await impatient.connect();
      connection.send(head(`Content-Length: ${EVENT.length}`), EVENT.slice(0, 5));
      expect(await connection.response()).toMatchObject({ status: 408 });
      expect(await connection.end()).toBe('');
      expect(impatient.budget.usedBytes).toBe(0);
      expect(impatient.sink.records).toEqual([]);
    } finally {
      impatient.close();
    }
  });

  it('of a sender that disconnects leaves nothing behind', async () => {
    const connection = await ingress.connect();
    connection.send(head(`Content-Length: ${EVENT.length}`), EVENT.slice(0, 5));
    // A request on another connection lets the server read the first one.
    while (ingress.budget.usedBytes === 0) await fetch(`${ingress.url}/healthz`);
    connection.destroy();
    while (ingress.server.requestsInFlight > 0) await fetch(`${ingress.url}/healthz`);
    expect(ingress.budget.usedBytes).toBe(0);
    expect(ingress.sink.records).toEqual([]);
    expect(await metric(ingress.metrics, 'ingress_rejected_requests_total{reason="aborted"}')).toBe(1);
  });

  it('is not assumed when the sender disconnects after the whole body: the event is stored', async () => {
    ingress.sink.outcome = undefined;
    const connection = await ingress.connect();
    connection.send(post());
    await ingress.sink.arrived(1);
    connection.destroy();
    while (ingress.server.requestsInFlight > 0) await fetch(`${ingress.url}/healthz`);
    ingress.sink.settle({ kind: 'stored', place: 'kafka' });
    while (ingress.budget.usedBytes > 0) await fetch(`${ingress.url}/healthz`);
    expect(await metric(ingress.metrics, 'ingress_events_total{event="session.ended",outcome="kafka"}')).toBe(1);
  });
});

describe('pipelined requests', () => {
  it('behind one that is not durable yet close the connection; the first is still stored', async () => {
    ingress.sink.outcome = undefined;
    const connection = await ingress.connect();
    connection.send(post(), post());
    expect(await connection.end()).toBe('');
    expect(ingress.sink.records).toHaveLength(1);
  });

  it('that are answered at once are answered in order', async () => {
    const connection = await ingress.connect();
    connection.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await connection.response()).toMatchObject({ status: 200 });
    expect(await connection.response()).toMatchObject({ status: 404 });
  });
});

describe('an unread body', () => {
  it('of small size is skipped, and the connection kept', async () => {
    const connection = await ingress.connect();
    connection.send('POST /v1/webhooks/pathors HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc');
    expect(await connection.response()).toMatchObject({ status: 401 });
    connection.send('def', post());
    expect(await connection.response()).toMatchObject({ status: 202 });
  });

  it('of unknown or large size closes the connection', async () => {
    for (const length of ['Transfer-Encoding: chunked', 'Content-Length: 90000']) {
      const connection = await ingress.connect();
      connection.send(`POST /v1/webhooks/pathors HTTP/1.1\r\nHost: x\r\n${length}\r\n\r\n`);
      expect(await connection.response()).toMatchObject({ status: 401, headers: { connection: 'close' } });
      expect(await connection.end()).toBe('');
    }
  });
});

describe('the memory limit for bodies', () => {
  it('causes 503 with Retry-After until memory is free again', async () => {
    const small = await startIngressOnMemory({ budgetBytes: EVENT.length + 5 });
    try {
      small.sink.outcome = undefined;
      const first = await small.connect();
      first.send(post());
      await small.sink.arrived(1);
      const second = await small.connect();
      second.send(post());
      expect(await second.response()).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
      small.sink.settle({ kind: 'stored', place: 'kafka' });
      expect(await first.response()).toMatchObject({ status: 202 });
      small.sink.outcome = { kind: 'stored', place: 'kafka' };
      first.send(post());
      expect(await first.response()).toMatchObject({ status: 202 });
      expect(small.budget.usedBytes).toBe(0);
    } finally {
      small.close();
    }
  });
});

describe('draining', () => {
  it('answers requests in flight, closes their connections, and accepts no new ones', async () => {
    ingress.sink.outcome = undefined;
    const waiting = await ingress.connect();
    waiting.send(post());
    await ingress.sink.arrived(1);
    ingress.server.drain();
    const idle = ingress.server.whenIdle();
    await expect(ingress.connect()).rejects.toThrow('ECONNREFUSED');
    ingress.sink.settle({ kind: 'stored', place: 'kafka' });
    expect(await waiting.response()).toMatchObject({ status: 202, headers: { connection: 'close' } });
    await idle;
    expect(await waiting.end()).toBe('');
  });
});
