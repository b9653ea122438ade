import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AUTHORIZATION, CHUNKED, chunk, EVENT, get, head, HIDDEN, LAST_CHUNK, LENGTH, post } from './framing-cases.js';
import { MAX_BODY_BYTES, startIngressOnMemory, type IngressOnMemory } from '../../ingress-on-memory.js';
import type { RawConnection } from '../raw-connection.js';

let ingress: IngressOnMemory;
beforeEach(async () => {
  ingress = await startIngressOnMemory();
});
afterEach(() => ingress.close());

const stored = () => ingress.sink.records.map(({ body }) => body.toString());

async function sendByteByByte(connection: RawConnection, bytes: string): Promise<void> {
  for (const byte of Buffer.from(bytes)) {
    connection.send(Buffer.from([byte]));
    await connection.flushed();
  }
}

describe('a connection is kept', () => {
  it.each([
    ['an accepted event', post(), 202],
    ['a dead letter', post('{'), 400],
    ['a violation of the schema', post('{}'), 422],
    ['a missing token', post().replace(AUTHORIZATION, 'X: y'), 401],
    ['an unknown path', get('/nowhere'), 404],
    ['another method', post().replace('POST', 'PUT'), 405],
    ['a probe', get('/readyz'), 200],
  ])('after %s', async (_name, request, status) => {
    const connection = await ingress.connect();
    for (let n = 0; n < 3; n += 1) {
      expect(await connection.send(request).response()).toMatchObject({ status });
      expect(await connection.send(post('{"n":1}')).response()).toMatchObject({ status: 422 });
    }
    expect(stored().filter((body) => body === '{"n":1}')).toHaveLength(3);
  });
});

describe('a connection that receives single bytes', () => {
  it.each([
    ['chunks', `${head(CHUNKED)}${chunk(EVENT)}${LAST_CHUNK}`],
    ['chunks of one byte', `${head(CHUNKED)}${Array.from(EVENT, chunk).join('')}${LAST_CHUNK}`],
  ])('accepts %s', async (_name, request) => {
    const connection = await ingress.connect();
    await sendByteByByte(connection, request);
    expect(await connection.response()).toMatchObject({ status: 202 });
    expect(stored()).toEqual([EVENT]);
  });

  it.each([
    ['two lengths', head('Content-Length: 0', `Content-Length: ${HIDDEN.length}`)],
    ['length and chunks', head('Content-Length: 5', CHUNKED)],
    ['a request hidden in a trailer', `${head(CHUNKED)}${chunk(EVENT)}0\r\nX:`],
  ])('ignores a request hidden behind %s', async (_name, start) => {
    const connection = await ingress.connect();
    // The server may close the connection before everything is sent.
    await sendByteByByte(connection, start)
      .then(() => sendByteByByte(connection, HIDDEN))
      .catch(() => undefined);
    while ((await connection.response()) !== undefined);
    expect(stored().filter((body) => body !== EVENT)).toEqual([]);
  });
});

describe('a sender that disconnects', () => {
  it.each([
    ['immediately', ''],
    ['within the request line', 'POST /v1/web'],
    ['within the headers', head(LENGTH).slice(0, -10)],
    ['before the last LF of the head', head(LENGTH).slice(0, -1)],
    ['before the body', head(LENGTH)],
    ['within the body', head(LENGTH) + EVENT.slice(0, -1)],
    ['within a chunk', `${head(CHUNKED)}ff\r\n${EVENT.slice(0, 20)}`],
    ['within a chunk size', `${head(CHUNKED)}f`],
    ['before the last chunk', head(CHUNKED) + chunk(EVENT)],
  ])('%s leaves nothing behind, whether it closes or resets the connection', async (_name, sent) => {
    const orderly = await ingress.connect();
    if (sent !== '') orderly.send(sent);
    expect(await orderly.finish().end()).toBe('');
    const reset = await ingress.connect();
    if (sent !== '') await reset.send(sent).flushed();
    reset.destroy();
    do expect((await fetch(`${ingress.url}/healthz`)).status).toBe(200);
    while (ingress.server.requestsInFlight > 0);
    expect(ingress.budget.usedBytes).toBe(0);
    expect(stored()).toEqual([]);
  });

  it('after the whole request: the event is stored', async () => {
    const connection = await ingress.connect();
    connection.send(post()).finish();
    await ingress.sink.arrived(1);
    await connection.end();
    expect(stored()).toEqual([EVENT]);
  });
});

describe('requests behind a rejected one are ignored', () => {
  it.each([
    ['too large a length', head(`Content-Length: ${MAX_BODY_BYTES + 1}`), 413],
    ['too large a chunk', `${head(CHUNKED)}${chunk('x'.repeat(MAX_BODY_BYTES + 1))}`, 413],
    ['two lengths', head(LENGTH, LENGTH), 400],
    ['no token, and chunks', head(CHUNKED).replace(AUTHORIZATION, 'X: y'), 401],
  ])('%s', async (_name, start, status) => {
    const together = await ingress.connect();
    await together.send(start, HIDDEN).end();
    const apart = await ingress.connect();
    expect(await apart.send(start).response()).toMatchObject({ status, headers: { connection: 'close' } });
    apart.send(HIDDEN);
    expect(await apart.end()).toBe('');
    expect(stored()).toEqual([]);
  });

  it('as are requests behind "Connection: close" or a chunked body', async () => {
    for (const start of [head(LENGTH, 'Connection: close') + EVENT, `${head(CHUNKED)}${chunk(EVENT)}${LAST_CHUNK}`]) {
      ingress.sink.records.length = 0;
      const together = await ingress.connect();
      await together.send(start, HIDDEN).end();
      const apart = await ingress.connect();
      expect(await apart.send(start).response()).toMatchObject({ status: 202 });
      apart.send(HIDDEN);
      expect(await apart.end()).toBe('');
      expect(stored()).toEqual([EVENT, EVENT]);
    }
  });
});

/** uWebSockets.js closes after about 10 s. The limit only ends a hang: on a busy machine its timers are late. */
const HANG_MS = 120_000;

describe.concurrent('a connection without progress is closed', { timeout: HANG_MS }, () => {
  it('in every state of a request', async () => {
    const slow = await startIngressOnMemory();
    const cases = {
      'idle from the start': '',
      'within the request line': 'POST /v1/web',
      'within the headers': head(LENGTH).slice(0, -4),
      'with bare CR': head('X: y\rz', LENGTH) + EVENT,
      'behind an empty line': `\r\n${post()}`,
      'between requests': post(),
    };
    const closed = Object.values(cases).map(async (sent) => {
      const connection = await slow.connect();
      if (sent !== '') connection.send(sent);
      await connection.end();
    });
    try {
      await Promise.all(closed);
      expect(slow.sink.records).toHaveLength(1);
    } finally {
      slow.close();
    }
  });

  it('even if it receives a header byte each second', async () => {
    const slow = await startIngressOnMemory();
    const connection = await slow.connect();
    connection.send('GET /healthz HTTP/1.1\r\nHost: x\r\nX: ');
    const drip = setInterval(() => connection.send('a'), 1_000);
    try {
      await connection.end();
    } finally {
      clearInterval(drip);
      slow.close();
    }
  });
});
