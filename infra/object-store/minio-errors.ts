import { S3Error } from 'minio';
import { BrokenBodyError, BucketMissingError, StoreRefusedError, StoreUnavailableError } from './store-errors.js';

/**
 * S3 error codes that are transient. minio-js reports responses whose status is an outage (408, 429, most of 5xx) without a code. Every other
 * code is a refusal.
 */
const TRANSIENT: ReadonlySet<string> = new Set([
  'ConditionalRequestConflict',
  'InternalError',
  'OperationAborted',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'XMinioStorageFull',
]);

/** The store received other bytes than announced. */
const BROKEN_BODY: ReadonlySet<string> = new Set([
  'BadDigest',
  'IncompleteBody',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
]);

/** The S3 code of an error of minio-js; empty for other errors, such as those of the network. */
export function s3Code(error: unknown): string {
  const { code } = error as { code?: unknown };
  return error instanceof S3Error && typeof code === 'string' ? code : '';
}

/** The store error for an error of minio-js. @param doing what failed, with the object's key: `storing p/a.wav`. */
export function storeError(error: unknown, doing: string): StoreUnavailableError | StoreRefusedError {
  const code = s3Code(error);
  const options = { cause: error };
  if (code === 'NoSuchBucket') return new BucketMissingError(`${doing}: the bucket does not exist`, options);
  if (BROKEN_BODY.has(code))
    return new BrokenBodyError(`${doing}: the store received other bytes than announced (${code})`, options);
  if (code !== '' && !TRANSIENT.has(code)) {
    return new StoreRefusedError(`${doing}: the object store refused with ${code}`, options);
  }
  const reason = code || (error as { code?: string }).code || (error as Error).message;
  return new StoreUnavailableError(`${doing}: the object store is unavailable (${reason})`, options);
}
