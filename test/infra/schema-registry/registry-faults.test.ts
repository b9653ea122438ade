import { expect, it, describe } from 'vitest';
import { SchemaRegistryClient } from '../../../infra/schema-registry/client.js';
import { RegistryError } from '../../../infra/schema-registry/registry-errors.js';
import { subjects, topicNames } from '../../../schemas/topics.js';
import { fakeRegistry, json, type Handler } from './fake-registry.js';

const SUBJECT = subjects(topicNames('')).complete;

const clientOf = (url: string, SCHEMA_REGISTER = true, requestTimeoutMs = 60_000): SchemaRegistryClient =>
  new SchemaRegistryClient(
    { SCHEMA_REGISTRY_URL: url, SCHEMA_REGISTRY_USERNAME: '', SCHEMA_REGISTRY_PASSWORD: '', SCHEMA_REGISTER },
    {
      clock: { now: () => 0, monotonic: () => 0, after: (_ms, callback) => immediately(callback) },
      requestTimeoutMs,
    },
  );

/** Retries of conflicts need not take real time. */
function immediately(callback: () => void): () => void {
  const handle = setImmediate(callback);
  return () => clearImmediate(handle);
}

async function failureOf(work: Promise<unknown>): Promise<RegistryError> {
  const error: unknown = await work.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(RegistryError);
  return error as RegistryError;
}

const isLookup = (method: string | undefined, url: string | undefined) =>
  method === 'POST' && url === `/subjects/${SUBJECT.name}`;

describe('a registered schema', () => {
  const refusals: readonly [name: string, status: number, body: object][] = [
    ['401', 401, { error_code: 40101, message: 'Unauthorized' }],
    ['403', 403, { error_code: 40301, message: 'Forbidden' }],
    ['409', 409, { error_code: 409, message: 'incompatible' }],
    ['read-only', 422, { error_code: 42205, message: 'Subject is in read-only mode' }],
  ];
  it.each(refusals)(
    'is found although the registry would refuse to register it with %s',
    async (_name, status, body) => {
      const { url, requests } = await fakeRegistry((request, response) => {
        if (isLookup(request.method, request.url)) json(response, 200, { id: 7, version: 1 });
        else json(response, status, body);
      });
      expect(await clientOf(url).ensureSubject(SUBJECT)).toBe(7);
      expect(requests).toEqual([`POST /subjects/${SUBJECT.name}`, `GET /config/${SUBJECT.name}`]);
    },
  );
});

describe('a missing schema', () => {
  it('is registered, and its subject set to BACKWARD', async () => {
    const { url, requests } = await fakeRegistry((request, response) => {
      if (isLookup(request.method, request.url)) json(response, 404, { error_code: 40403, message: 'not found' });
      else if (request.url?.endsWith('/versions')) json(response, 200, { id: 9 });
      else if (request.method === 'GET') json(response, 404, { error_code: 40408, message: 'no level' });
      else json(response, 200, { compatibility: 'BACKWARD' });
    });
    expect(await clientOf(url).ensureSubject(SUBJECT)).toBe(9);
    expect(requests.at(-1)).toBe(`PUT /config/${SUBJECT.name}`);
  });

  it.each(['FULL', 'FULL_TRANSITIVE', 'BACKWARD_TRANSITIVE', 'FORWARD'])(
    'is registered under the level %s that its subject has',
    async (compatibilityLevel) => {
      const { url, requests } = await fakeRegistry((request, response) => {
        if (isLookup(request.method, request.url)) json(response, 404, { error_code: 40403, message: 'not found' });
        else if (request.url?.endsWith('/versions')) json(response, 200, { id: 9 });
        else json(response, 200, { compatibilityLevel });
      });
      expect(await clientOf(url).ensureSubject(SUBJECT)).toBe(9);
      expect(requests.some((request) => request.startsWith('PUT'))).toBe(false);
    },
  );

  it('is not registered with SCHEMA_REGISTER=false: somebody else has to', async () => {
    const { url, requests } = await fakeRegistry((_request, response) => json(response, 404, { error_code: 40401 }));
    const error = await failureOf(clientOf(url, false).ensureSubject(SUBJECT));
    expect(error.message).toContain('SCHEMA_REGISTER is false');
    expect(requests).toHaveLength(1);
  });

  it('is found by a later look-up when another process registered it at the same time', async () => {
    let lookups = 0;
    const { url } = await fakeRegistry((request, response) => {
      if (isLookup(request.method, request.url)) {
        if (++lookups === 3) json(response, 200, { id: 4 });
        else json(response, 404, { error_code: 40403 });
      } else if (request.url?.endsWith('/versions')) json(response, 409, { error_code: 409, message: 'conflict' });
      else json(response, 200, { compatibilityLevel: 'BACKWARD' });
    });
    expect(await clientOf(url).ensureSubject(SUBJECT)).toBe(4);
  });

  const notFoundThen =
    (status: number): Handler =>
    (request, response) => {
      if (isLookup(request.method, request.url)) json(response, 404, { error_code: 40403 });
      else if (request.method === 'GET') json(response, 200, { compatibilityLevel: 'BACKWARD' });
      else json(response, status, { message: 'no' });
    };
  it.each([
    [401, 'rejected', 'SCHEMA_REGISTRY_USERNAME'],
    [403, 'rejected', 'grant'],
    [409, 'rejected', 'another TOPIC_PREFIX'],
    [422, 'rejected', 'register it yourself'],
    [429, 'unavailable', 'status 429'],
    [500, 'unavailable', 'status 500'],
    [503, 'unavailable', 'status 503'],
  ] as const)('that is refused with %i is %s, and the message says what to do', async (status, kind, advice) => {
    const { url } = await fakeRegistry(notFoundThen(status));
    const error = await failureOf(clientOf(url).ensureSubject(SUBJECT));
    expect(error).toMatchObject({ kind, message: expect.stringContaining(advice) as string });
    expect(error.message).toContain(url);
  });
});

describe('a registry that cannot be reached', () => {
  it.each([
    ['nobody listens', 'http://127.0.0.1:9', 'ECONNREFUSED'],
    ['unknown host', 'http://registry.invalid', 'registry.invalid'],
  ])('is unavailable, not a rejection: %s', async (_name, url, problem) => {
    const error = await failureOf(clientOf(url).ensureSubject(SUBJECT));
    expect(error).toMatchObject({ kind: 'unavailable', message: expect.stringContaining(problem) as string });
    expect(error.message).not.toContain('status');
  });

  it('is unavailable when it resets connections, or speaks http where https is asked for', async () => {
    const { url } = await fakeRegistry((request) => request.socket.destroy());
    expect(await failureOf(clientOf(url).ensureSubject(SUBJECT))).toMatchObject({ kind: 'unavailable' });
    const overTls = url.replace('http:', 'https:');
    expect(await failureOf(clientOf(overTls).ensureSubject(SUBJECT))).toMatchObject({ kind: 'unavailable' });
  });

  it.each([
    ['never answers', () => undefined],
    ['breaks off its answer', (response) => response.writeHead(200, { 'content-length': '100' }).write('{')],
  ] as [string, (response: Parameters<Handler>[1]) => void][])(
    'is unavailable when it %s: nothing waits for it forever',
    async (_name, respond) => {
      const { url } = await fakeRegistry((_request, response) => respond(response));
      const error = await failureOf(clientOf(url, true, 300).ensureSubject(SUBJECT));
      expect(error.kind).toBe('unavailable');
    },
  );

  it.each([
    ['an empty body', 200, ''],
    ['a page', 200, '<html>'],
    ['a page with an error status', 502, '<html>'],
  ])('is unavailable or refuses, but never crashes, with %s', async (_name, status, body) => {
    const { url } = await fakeRegistry((_request, response) => response.writeHead(status).end(body));
    await failureOf(clientOf(url).ensureSubject(SUBJECT));
  });
});
