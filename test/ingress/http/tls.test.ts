import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { resolve } from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readIngressSettings, tlsFiles } from '../../../ingress/settings.js';
import { MAX_BODY_BYTES, startIngressOnMemory, TOKEN, type IngressOnMemory } from '../ingress-on-memory.js';
import { RawConnection } from './raw-connection.js';
import { SESSION_ENDED } from '../webhook/sample-events.js';
import { testCertificate, type TestCertificate } from './tls-certificate.js';

let certificate: TestCertificate;
let ingress: IngressOnMemory;
beforeAll(async () => {
  certificate = testCertificate();
  const { certFile, keyFile } = certificate;
  const env = { INGRESS_TOKENS: TOKEN, INGRESS_TLS_CERT_FILE: certFile, INGRESS_TLS_KEY_FILE: keyFile };
  const tls = tlsFiles(readIngressSettings(env));
  if (tls === undefined) throw new Error('the certificate is not in the settings');
  ingress = await startIngressOnMemory({ tls });
});
afterAll(() => {
  ingress.close();
  certificate.remove();
});

const EVENT = JSON.stringify(SESSION_ENDED);
const post = (body: string) =>
  `POST /v1/webhooks/pathors HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

async function handshake(options: ConnectionOptions = {}): Promise<RawConnection> {
  const socket = connect({ port: ingress.port, host: '127.0.0.1', ca: certificate.ca, ...options });
  await once(socket, 'secureConnect');
  return RawConnection.on(socket);
}

/** Sends one request with Node's client and returns status and body. */
function ask(agent: Agent, method: string, path: string, body?: string): Promise<[number | undefined, string]> {
  return new Promise((done, failed) => {
    const headers = { authorization: TOKEN };
    const sent = request(ingress.url + path, { method, agent, headers, ca: certificate.ca }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => done([response.statusCode, text]));
    });
    sent.on('error', failed).end(body);
  });
}

describe('with a certificate and its key, the ingress', () => {
  it('serves events, probes and errors on one connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = ingress.sink.records.length;
    expect(await ask(agent, 'POST', '/v1/webhooks/pathors', EVENT)).toEqual([
      202,
      '{"status":"accepted","stored":"kafka"}',
    ]);
    expect((await ask(agent, 'POST', '/v1/webhooks/pathors', '{')).at(0)).toBe(400);
    expect((await ask(agent, 'GET', '/readyz')).at(0)).toBe(200);
    expect((await ask(agent, 'GET', '/nowhere')).at(0)).toBe(404);
    expect(ingress.sink.records.slice(before).map(({ body }) => body.toString())).toEqual([EVENT, '{']);
    agent.destroy();
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('supports %s', async (version) => {
    const connection = await handshake({ minVersion: version, maxVersion: version });
    expect(await connection.send(post(EVENT)).response()).toMatchObject({ status: 202 });
    connection.destroy();
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('does not support %s', async (version) => {
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(handshake(old)).rejects.toThrow('alert protocol version');
  });

  it('accepts a body in many TLS records, byte by byte or at once', async () => {
    const connection = await handshake();
    const large = JSON.stringify({ ...SESSION_ENDED, more: 'x'.repeat(80_000) });
    expect(await connection.send(post(large)).response()).toMatchObject({ status: 202 });
    for (const byte of Buffer.from(post(EVENT))) connection.send(Buffer.from([byte]));
    expect(await connection.response()).toMatchObject({ status: 202 });
    expect(ingress.sink.records.slice(-2).map(({ body }) => body.toString())).toEqual([large, EVENT]);
    expect(ingress.budget.usedBytes).toBe(0);
    connection.destroy();
  });

  it('rejects a large body and closes the connection, as without TLS', async () => {
    const connection = await handshake();
    connection.send(post(EVENT).replace(/Content-Length: \d+/, `Content-Length: ${MAX_BODY_BYTES + 1}`));
    expect(await connection.response()).toMatchObject({ status: 413, headers: { connection: 'close' } });
    expect(await connection.end()).toBe('');
  });

  it('ignores a sender without TLS', async () => {
    const before = ingress.sink.records.length;
    const plain = await ingress.connect();
    plain.send(post(EVENT));
    expect(await plain.end()).not.toContain('HTTP/1.1');
    expect(ingress.sink.records).toHaveLength(before);
  });
});

it('the bundled certificate and key are valid settings', () => {
  const dir = resolve(import.meta.dirname, 'tls');
  const env = { INGRESS_TLS_CERT_FILE: `${dir}/cert.pem`, INGRESS_TLS_KEY_FILE: `${dir}/key.pem` };
  expect(tlsFiles(readIngressSettings({ INGRESS_TOKENS: TOKEN, ...env }))).toMatchObject({
    certFile: `${dir}/cert.pem`,
  });
});

it('the key of another certificate is a fault of the settings', () => {
  const other = resolve(import.meta.dirname, 'tls/key.pem');
  const env = { INGRESS_TLS_CERT_FILE: certificate.certFile, INGRESS_TLS_KEY_FILE: other };
  if (certificate.keyFile === other) return;
  expect(() => readIngressSettings({ INGRESS_TOKENS: TOKEN, ...env })).toThrow('cannot be used');
});
