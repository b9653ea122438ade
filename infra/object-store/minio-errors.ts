import { S3Error } from 'minio';
import { BrokenBodyError, BucketMissingError, StoreRefusedError, StoreUnavailableError } from './store-errors.js';

/**
 * S3's codes for trouble that passes by itself. minio-js has made errors without a code of the answers that are an outage by their status
 * (408, 429, most of 5xx); any other code is a refusal.
 */
const PASSING: ReadonlySet<string> = new Set([
  'ConditionalRequestConflict',
  'InternalError',
  'OperationAborted',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'XMinioStorageFull',
]);

const BROKEN: ReadonlySet<string> = new Set([
  'BadDigest',
  'IncompleteBody',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
]);

/** The S3 code of an error of minio-js; empty when it is none, as for errors of the network. */
export function s3Code(error: unknown): string {
  const { code } = error as { code?: unknown };
  return error instanceof S3Error && typeof code === 'string' ? code : '';
}

/** What an error of minio-js asks for. */
export function storeError(error: unknown, doing: string): StoreUnavailableError | StoreRefusedError {
  const code = s3Code(error);
  const options = { cause: error };
  if (code === 'NoSuchBucket') return new BucketMissingError(`${doing}: the bucket does not exist`, options);
  if (BROKEN.has(code)) return new BrokenBodyError(`${doing}: the bytes arrived broken (${code})`, options);
  if (code !== '' && !PASSING.has(code)) {
    return new StoreRefusedError(`${doing}: the object store refuses with ${code}`, options);
  }
  const why = code || (error as { code?: string }).code || (error as Error).message;
  return new StoreUnavailableError(`${doing}: the object store is not available (${why})`, options);
}
