import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { BucketItemStat } from 'minio';
import { systemClock, type Clock } from '../async/clock.js';
import { MinioClients, type MinioOptions } from './minio-clients.js';
import { listKeys } from './minio-listing.js';
import { s3Code, storeError } from './minio-errors.js';
import { protectionHeaders, type ObjectProtection } from './object-protection.js';
import type { NewObject, ObjectInfo, ObjectStore } from './object-store.js';

export type MinioObjectStoreOptions = MinioOptions & {
  readonly bucket: string;
  readonly protection?: ObjectProtection;
  readonly clock?: Clock;
};

const MAX_FOUND = 16;

/**
 * A bucket of MinIO or any other S3 store, through minio-js.
 *
 * Stores a file with a single PUT request. The upload of minio-js reads whole parts into memory, resumes incomplete uploads of others (with
 * their metadata, and counting parts from 2, so that equal parts can appear twice), and never settles when its source fails. A single PUT is
 * all or nothing, streams, and the store checks the hash before the object becomes visible.
 */
export class MinioObjectStore implements ObjectStore {
  private readonly clients: MinioClients;

  constructor(private readonly options: MinioObjectStoreOptions) {
    this.clients = new MinioClients(options);
  }

  async ensureBucket(signal: AbortSignal): Promise<void> {
    const { bucket, region, protection } = this.options;
    const isLocking = protection?.lock !== undefined;
    // A HEAD request, as minio-js sends it, answers wrong keys and missing rights with a bare 403.
    try {
      await listKeys(this.clients.for(signal), bucket, '', 1);
    } catch (error) {
      if (s3Code(error) !== 'NoSuchBucket') throw storeError(error, `checking that bucket ${bucket} exists`);
      await this.clients
        .for(signal)
        .makeBucket(bucket, region, { ObjectLocking: isLocking })
        .catch(async (cause: unknown) => {
          // Another process may have created it at the same moment. Stores report that differently, some as an internal error.
          await listKeys(this.clients.for(signal), bucket, '', 1).catch(() => {
            throw storeError(cause, `creating bucket ${bucket}`);
          });
        });
    }
    if (isLocking) await this.requireObjectLock(signal);
  }

  async findByPrefix(prefix: string, signal: AbortSignal): Promise<readonly ObjectInfo[]> {
    const { bucket } = this.options;
    try {
      const keys = await listKeys(this.clients.for(signal), bucket, prefix, MAX_FOUND);
      const found = await Promise.all(keys.map((key) => this.stat(key, signal)));
      return found.filter((info) => info !== undefined);
    } catch (error) {
      throw storeError(error, `listing objects with prefix ${prefix}`);
    }
  }

  async stat(key: string, signal: AbortSignal): Promise<ObjectInfo | undefined> {
    try {
      return describe(key, await this.clients.for(signal).statObject(this.options.bucket, key));
    } catch (error) {
      if (['NotFound', 'NoSuchKey'].includes(s3Code(error))) return undefined;
      throw storeError(error, `reading the metadata of ${key}`);
    }
  }

  async putFile(
    object: NewObject,
    { replace }: { readonly replace: boolean },
    signal: AbortSignal,
  ): Promise<'stored' | 'exists'> {
    const { bucket, protection = {}, clock = systemClock } = this.options;
    const body = createReadStream(object.file, { end: object.bytes - 1 });
    try {
      const response = await this.clients.for(signal).makeRequestStreamAsync(
        {
          method: 'PUT',
          bucketName: bucket,
          objectName: object.key,
          headers: {
            ...putHeaders(object),
            ...protectionHeaders(protection, clock.now()),
            ...(!replace && { 'if-none-match': '*' }),
          },
        },
        body,
        // minio-js does not sign the payload over TLS. The store checks the checksum header in both cases.
        this.clients.useTls ? '' : object.sha256,
        [200],
        '',
      );
      response.resume();
      return 'stored';
    } catch (error) {
      const code = s3Code(error);
      if (code === 'PreconditionFailed') return 'exists';
      // A store without conditional PUT: the last one wins.
      if (code === 'NotImplemented' && !replace) return await this.putFile(object, { replace: true }, signal);
      throw storeError(error, `storing ${object.key}`);
    } finally {
      body.destroy();
    }
  }

  async get(key: string, signal: AbortSignal): Promise<Readable> {
    try {
      return await this.clients.for(signal).getObject(this.options.bucket, key);
    } catch (error) {
      throw storeError(error, `reading ${key}`);
    }
  }

  /** Reports a bucket that cannot lock objects at the start instead of with the first recording. Locking is chosen when a bucket is created. */
  private async requireObjectLock(signal: AbortSignal): Promise<void> {
    const { bucket } = this.options;
    // The overloads of minio-js say that it returns nothing.
    const client: { getObjectLockConfig(bucket: string): Promise<unknown> } = this.clients.for(signal);
    try {
      await client.getObjectLockConfig(bucket);
    } catch (error) {
      // A user without the right to read the configuration may still have the right to lock.
      if (s3Code(error) !== 'AccessDenied') throw storeError(error, `checking that bucket ${bucket} can lock objects`);
    }
  }
}

function putHeaders({ bytes, sha256, contentType, metadata }: NewObject): Record<string, string> {
  return {
    'content-length': String(bytes),
    'content-type': contentType,
    'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
    ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
  };
}

function describe(key: string, { size, metaData, lastModified }: BucketItemStat): ObjectInfo {
  const { 'content-type': contentType, ...metadata } = metaData as Record<string, string>;
  return { key, bytes: size, contentType: contentType ?? 'application/octet-stream', metadata, lastModified };
}
