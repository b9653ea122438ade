import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MinioClients } from '../../../infra/object-store/minio-clients.js';
import { MinioObjectStore } from '../../../infra/object-store/minio-object-store.js';
import { StoreRefusedError } from '../../../infra/object-store/store-errors.js';
import { objectStoreContract } from './object-store.contract.js';

const env = (name: string): string => process.env[name] ?? '';
const options = () => ({
  endpoint: env('S3_ENDPOINT'),
  region: env('S3_REGION'),
  accessKey: env('S3_ACCESS_KEY'),
  secretKey: env('S3_SECRET_KEY'),
  bucket: `contract-${randomBytes(4).toString('hex')}`,
  stallMs: 1_500,
});
const { signal } = new AbortController();

/** A module of minio-js that its types do not cover. */
const ASSUME_ROLE: string = 'minio/dist/esm/AssumeRoleProvider.mjs';
type AssumeRole = {
  readonly AssumeRoleProvider: new (options: object) => {
    readonly getCredentials: () => Promise<Record<'getAccessKey' | 'getSecretKey' | 'getSessionToken', () => string>>;
  };
};

objectStoreContract('MinIO', () => new MinioObjectStore(options()));

describe('MinioObjectStore with temporary credentials', () => {
  const temporary = async () => {
    const { endpoint: stsEndpoint, ...keys } = options();
    const { AssumeRoleProvider } = (await import(ASSUME_ROLE)) as AssumeRole;
    const credentials = await new AssumeRoleProvider({ stsEndpoint, ...keys }).getCredentials();
    return {
      ...options(),
      accessKey: credentials.getAccessKey(),
      secretKey: credentials.getSecretKey(),
      sessionToken: credentials.getSessionToken(),
    };
  };

  it('uses their token', async () => {
    await expect(new MinioObjectStore(await temporary()).ensureBucket(signal)).resolves.toBeUndefined();
  });

  it('reports a wrong or missing token as a refusal', async () => {
    const { sessionToken: _token, ...without } = await temporary();
    await expect(new MinioObjectStore(without).ensureBucket(signal)).rejects.toBeInstanceOf(StoreRefusedError);
  });
});

describe('MinioObjectStore on a real MinIO', () => {
  it('reports wrong keys as a refusal', async () => {
    const wrongSecret = new MinioObjectStore({ ...options(), secretKey: 'not-the-secret' });
    await expect(wrongSecret.ensureBucket(signal)).rejects.toBeInstanceOf(StoreRefusedError);
    const wrongKey = new MinioObjectStore({ ...options(), accessKey: 'nobody' });
    await expect(wrongKey.ensureBucket(signal)).rejects.toBeInstanceOf(StoreRefusedError);
  });

  it('leaves no incomplete upload behind', async () => {
    const access = options();
    const store = new MinioObjectStore(access);
    await store.ensureBucket(signal);
    const stop = new AbortController();
    const put = store.putFile(
      {
        key: 'a.wav',
        file: process.execPath,
        bytes: 50_000_000,
        sha256: 'a'.repeat(64),
        contentType: 'audio/wav',
        metadata: {},
      },
      { replace: false },
      stop.signal,
    );
    setImmediate(() => stop.abort());
    await expect(put).rejects.toThrow();
    const client = new MinioClients(access).for(signal);
    expect((await client.listIncompleteUploadsQuery(access.bucket, '', '', '', '')).uploads).toEqual([]);
    expect(await store.findByPrefix('', signal)).toEqual([]);
  });
});
