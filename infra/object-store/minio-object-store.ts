import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { BucketItemStat } from 'minio';
import { MinioClients, type MinioOptions } from './minio-clients.js';
import { listKeys } from './minio-listing.js';
import { s3Code, storeError } from './minio-errors.js';
import { protectionHeaders, type ObjectProtection } from './object-protection.js';
import type { NewObject, ObjectInfo, ObjectStore } from './object-store.js';

export type MinioObjectStoreOptions = MinioOptions & {
  readonly bucket: string;
  readonly protection?: ObjectProtection;
};

const MOST_FOUND = 16;

/**
 * A bucket of MinIO or any other S3 store, through minio-js.
 *
 * A file is one PUT request, never minio-js's multipart upload: that one reads whole parts into memory, goes on with leftovers of
 * earlier uploads (with their metadata, and with parts counted from 2, so that equal parts can end up twice), and never settles when
 * its source dies. One PUT is all or nothing by itself, streams, and the store checks the hash before it shows the object.
 */
export class MinioObjectStore implements ObjectStore {
  private readonly clients: MinioClients;

  constructor(private readonly options: MinioObjectStoreOptions) {
    this.clients = new MinioClients(options);
  }

  async ensureBucket(signal: AbortSignal): Promise<void> {
    const { bucket, region, protection } = this.options;
    const isLocking = protection?.lock !== undefined;
    // Not HEAD: it answers wrong keys and missing rights with 403 and no word more.
    try {
      await listKeys(this.clients.for(signal), bucket, '', 1);
    } catch (error) {
      if (s3Code(error) !== 'NoSuchBucket') throw storeError(error, 'looking for the bucket');
      await this.clients
        .for(signal)
        .makeBucket(bucket, region, { ObjectLocking: isLocking })
        .catch(async (cause: unknown) => {
          // Somebody else may have made it at the same moment; stores say so in words of their own, some as an internal error.
          await listKeys(this.clients.for(signal), bucket, '', 1).catch(() => {
            throw storeError(cause, 'making the bucket');
          });
        });
    }
    if (isLocking) await this.requireObjectLock(signal);
  }

  async findByPrefix(prefix: string, signal: AbortSignal): Promise<readonly ObjectInfo[]> {
    const { bucket } = this.options;
    try {
      const keys = await listKeys(this.clients.for(signal), bucket, prefix, MOST_FOUND);
      const found = await Promise.all(keys.map((key) => this.stat(key, signal)));
      return found.filter((info) => info !== undefined);
    } catch (error) {
      throw storeError(error, 'looking for an object');
    }
  }

  async stat(key: string, signal: AbortSignal): Promise<ObjectInfo | undefined> {
    try {
      return describe(key, await this.clients.for(signal).statObject(this.options.bucket, key));
    } catch (error) {
      if (['NotFound', 'NoSuchKey'].includes(s3Code(error))) return undefined;
      throw storeError(error, 'looking at an object');
    }
  }

  async putFile(
    object: NewObject,
    { replace }: { readonly replace: boolean },
    signal: AbortSignal,
  ): Promise<'stored' | 'exists'> {
    const body = createReadStream(object.file, { end: object.bytes - 1 });
    try {
      const response = await this.clients.for(signal).makeRequestStreamAsync(
        {
          method: 'PUT',
          bucketName: this.options.bucket,
          objectName: object.key,
          headers: {
            ...putHeaders(object),
            ...protectionHeaders(this.options.protection ?? {}, Date.now()),
            ...(!replace && { 'if-none-match': '*' }),
          },
        },
        body,
        // Over TLS minio-js signs no payload; the checksum header is checked in both cases.
        this.clients.useTls ? '' : object.sha256,
        [200],
        '',
      );
      response.resume();
      return 'stored';
    } catch (error) {
      const code = s3Code(error);
      if (code === 'PreconditionFailed') return 'exists';
      // A store without conditional puts: the last put wins there.
      if (code === 'NotImplemented' && !replace) return await this.putFile(object, { replace: true }, signal);
      throw storeError(error, 'putting an object');
    } finally {
      body.destroy();
    }
  }

  async get(key: string, signal: AbortSignal): Promise<Readable> {
    try {
      return await this.clients.for(signal).getObject(this.options.bucket, key);
    } catch (error) {
      throw storeError(error, 'getting an object');
    }
  }

  async remove(key: string, signal: AbortSignal): Promise<void> {
    try {
      await this.clients.for(signal).removeObject(this.options.bucket, key);
    } catch (error) {
      throw storeError(error, 'removing an object');
    }
  }

  /** Only a bucket that was made for it can lock objects: better said at once than with the first recording. */
  private async requireObjectLock(signal: AbortSignal): Promise<void> {
    try {
      const query = 'object-lock';
      const answer = await this.clients
        .for(signal)
        .makeRequestAsync({ method: 'GET', bucketName: this.options.bucket, query });
      answer.resume();
    } catch (error) {
      const code = s3Code(error);
      // Who may not look may yet be allowed to lock.
      if (code !== 'AccessDenied') throw storeError(error, 'looking whether the bucket can lock objects');
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
