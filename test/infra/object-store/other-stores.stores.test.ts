import { randomBytes } from 'node:crypto';
import dns from 'node:dns';
import { buffer } from 'node:stream/consumers';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { MinioClients } from '../../../infra/object-store/minio-clients.js';
import { MinioObjectStore } from '../../../infra/object-store/minio-object-store.js';
import type { ObjectProtection } from '../../../infra/object-store/object-protection.js';
import { StoreRefusedError } from '../../../infra/object-store/store-errors.js';
import { sha256 } from '../../processor/archive/recording/audio-samples.js';
import { tempDir } from '../../support/temp-dir.js';
import { objectStoreContract } from './object-store.contract.js';
import { STORE_DOMAIN } from './own-stores.js';
import type { StoreForTests } from './stores.setup.js';

const { signal } = new AbortController();
const DAY_MS = 86_400_000;
const gateway = inject('versitygw');
const minio = inject('encryptingMinio');

function open(
  { access }: StoreForTests,
  protection?: ObjectProtection,
  bucket = `contract-${randomBytes(4).toString('hex')}`,
) {
  if (access === undefined) throw new Error('the store is missing');
  const options = { ...access, bucket, stallMs: 1_500 };
  const store = new MinioObjectStore(protection === undefined ? options : { ...options, protection });
  const client = () => new MinioClients(options).for(signal);
  return { store, client, bucket };
}

/** A suite that needs a store. Where there is none, it is skipped and its name says why. */
function describeOn(store: StoreForTests, name: string, suite: () => void): void {
  if (store.why === undefined) describe(name, suite);
  else describe.skip(`${name} (${store.why})`, () => it('needs the store', () => undefined));
}

function object(key: string) {
  const bytes = randomBytes(100_000);
  const file = join(tempDir(), 'a');
  writeFileSync(file, bytes);
  const metadata = { 'session-id': 's-1', sha256: sha256(bytes) };
  const ours = { key, file, bytes: bytes.length, sha256: sha256(bytes), contentType: 'audio/wav', metadata };
  return { bytes, ours };
}

describeOn(gateway, 'versitygw', () => {
  objectStoreContract('versitygw', () => open(gateway).store);

  it('reports a bucket that cannot lock objects', async () => {
    const plain = open(gateway);
    await plain.store.ensureBucket(signal);
    const locking = open(gateway, { lock: { mode: 'GOVERNANCE', days: 1 } }, plain.bucket);
    await expect(locking.store.ensureBucket(signal)).rejects.toBeInstanceOf(StoreRefusedError);
  });
});

describeOn(minio, 'MinIO with a domain', () => {
  // Bucket names below the domain lead to this machine, where no name server knows them.
  beforeAll(() => {
    const lookup = vi.spyOn(dns, 'lookup') as unknown as { mockImplementation: (fake: typeof lookupHere) => unknown };
    lookup.mockImplementation(lookupHere);
  });
  afterAll(() => void vi.restoreAllMocks());

  objectStoreContract('the bucket in the host name', () => {
    if (minio.access === undefined) throw new Error('the store is missing');
    const endpoint = `http://${STORE_DOMAIN}:${new URL(minio.access.endpoint).port}`;
    const access = { ...minio.access, endpoint, pathStyle: false };
    return open({ access }).store;
  });
});

function lookupHere(
  _name: string,
  options: { readonly all?: boolean },
  done: (error: Error | null, found: unknown, family?: number) => void,
): void {
  if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }]);
  else done(null, '127.0.0.1', 4);
}

describeOn(minio, 'MinIO with a key to encrypt', () => {
  objectStoreContract('an encrypted bucket', () => open(minio, { encryption: 'AES256' }).store);

  it.each<[string, ObjectProtection, Record<string, string>]>([
    ['its own keys', { encryption: 'AES256' }, { 'x-amz-server-side-encryption': 'AES256' }],
    [
      'a named key',
      { encryption: 'aws:kms', kmsKeyId: 'test-key' },
      {
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:test-key',
      },
    ],
  ])('encrypts with %s', async (_, protection, expected) => {
    const { store, client, bucket } = open(minio, protection);
    await store.ensureBucket(signal);
    const { ours, bytes } = object('a.wav');
    expect(await store.putFile(ours, { replace: false }, signal)).toBe('stored');
    const head = await client().makeRequestAsync({ method: 'HEAD', bucketName: bucket, objectName: 'a.wav' });
    expect(head.headers).toMatchObject(expected);
    expect((await buffer(await store.get('a.wav', signal))).equals(bytes)).toBe(true);
    expect((await store.stat('a.wav', signal))?.metadata).toMatchObject(ours.metadata);
  });

  it('refuses a missing key', async () => {
    const { store } = open(minio, { encryption: 'aws:kms', kmsKeyId: 'no-such-key' });
    await store.ensureBucket(signal);
    await expect(store.putFile(object('a.wav').ours, { replace: false }, signal)).rejects.toBeInstanceOf(
      StoreRefusedError,
    );
  });

  it('locks objects in a bucket that it created for that', async () => {
    const { store, client, bucket } = open(minio, { lock: { mode: 'COMPLIANCE', days: 3 } });
    await Promise.all([store.ensureBucket(signal), store.ensureBucket(signal)]);
    const before = Date.now();
    expect(await store.putFile(object('a.wav').ours, { replace: false }, signal)).toBe('stored');
    expect(await store.putFile(object('a.wav').ours, { replace: false }, signal)).toBe('exists');
    const versionId = (await client().statObject(bucket, 'a.wav')).versionId ?? '';
    const retention = await client().getObjectRetention(bucket, 'a.wav', { versionId });
    expect(retention).toMatchObject({ mode: 'COMPLIANCE' });
    const days = (Date.parse(String(retention?.retainUntilDate)) - before) / DAY_MS;
    expect(days).toBeCloseTo(3, 2);
    await expect(client().removeObject(bucket, 'a.wav', { versionId })).rejects.toThrow();
    expect((await store.stat('a.wav', signal))?.bytes).toBe(100_000);
  });
});
