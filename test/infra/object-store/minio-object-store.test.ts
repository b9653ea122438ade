import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MinioClients } from '../../../infra/object-store/minio-clients.js';
import { MinioObjectStore } from '../../../infra/object-store/minio-object-store.js';
import { StoreRefusedError, StoreUnavailableError } from '../../../infra/object-store/store-errors.js';
import { sha256 } from '../../processor/archive/recording/audio-samples.js';
import { tempDir } from '../../support/temp-dir.js';

const { signal } = new AbortController();

/** A store on loopback that answers as scripted. */
async function storeThat(answer: RequestListener): Promise<MinioObjectStore> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return accessTo((server.address() as AddressInfo).port);
}

function accessTo(port: number): MinioObjectStore {
  const endpoint = `http://127.0.0.1:${port}`;
  const keys = { region: 'us-east-1', accessKey: 'a', secretKey: 'b' };
  return new MinioObjectStore({ endpoint, bucket: 'recordings', stallMs: 150, ...keys });
}

function object(bytes: Buffer) {
  const file = join(tempDir(), 'a');
  writeFileSync(file, bytes);
  return { key: 'a.wav', file, bytes: bytes.length, sha256: sha256(bytes), contentType: 'audio/wav', metadata: {} };
}

function s3Error(status: number, code: string): RequestListener {
  return (request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
  };
}

describe('MinioObjectStore', () => {
  it('reports a store that does not listen as unavailable', async () => {
    await expect(accessTo(1).ensureBucket(signal)).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(accessTo(1).putFile(object(Buffer.from('x')), { replace: false }, signal)).rejects.toThrow(
      'ECONNREFUSED',
    );
  });

  it('reports a stalled store as unavailable, before and during a transfer', async () => {
    const silent = await storeThat(() => undefined);
    await expect(silent.stat('a', signal)).rejects.toBeInstanceOf(StoreUnavailableError);
    const unread = await storeThat((request) => request.pause());
    await expect(unread.putFile(object(Buffer.alloc(20_000_000)), { replace: false }, signal)).rejects.toThrow(
      'no progress',
    );
  });

  it.each([500, 503, 429])('reports status %i as an outage and does not retry by itself', async (status) => {
    let requests = 0;
    const store = await storeThat((request, response) => {
      requests += 1;
      s3Error(status, 'SlowDown')(request, response);
    });
    await expect(store.putFile(object(Buffer.from('x')), { replace: false }, signal)).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
    expect(requests).toBe(1);
  });

  it.each(['AccessDenied', 'SignatureDoesNotMatch', 'KeyTooLongError', 'XSomethingOfAnotherStore'])(
    'reports %s as a refusal',
    async (code) => {
      const store = await storeThat(s3Error(403, code));
      await expect(store.putFile(object(Buffer.from('x')), { replace: false }, signal)).rejects.toBeInstanceOf(
        StoreRefusedError,
      );
    },
  );

  it('repeats without a condition on a store that does not support conditions', async () => {
    const conditions: unknown[] = [];
    const store = await storeThat((request, response) => {
      const condition = request.headers['if-none-match'];
      conditions.push(condition);
      if (condition !== undefined) s3Error(501, 'NotImplemented')(request, response);
      else request.resume().on('end', () => response.end());
    });
    expect(await store.putFile(object(Buffer.from('x')), { replace: false }, signal)).toBe('stored');
    expect(conditions).toEqual(['*', undefined]);
  });

  it('announces length and hash of a stored file', async () => {
    const bytes = Buffer.from('audio');
    let headers: Record<string, unknown> = {};
    const store = await storeThat((request, response) => {
      headers = request.headers;
      request.resume().on('end', () => response.end());
    });
    await store.putFile(object(bytes), { replace: true }, signal);
    expect(headers).toMatchObject({
      'content-length': '5',
      'x-amz-content-sha256': sha256(bytes),
      'x-amz-checksum-sha256': Buffer.from(sha256(bytes), 'hex').toString('base64'),
    });
  });

  it.each([
    [true, 'http://store.test/recordings/a.wav'],
    [false, 'http://recordings.store.test/a.wav'],
  ])('puts the bucket where path style %s says', async (pathStyle, expected) => {
    const access = { endpoint: 'http://store.test', region: 'us-east-1', accessKey: 'a', secretKey: 'b', pathStyle };
    const url = await new MinioClients(access).for(signal).presignedGetObject('recordings', 'a.wav');
    expect(url).toContain(`${expected}?`);
  });
});
