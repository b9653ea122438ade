import { S3Error } from 'minio';
import { BucketMissingError, StoreRefusedError, StoreUnavailableError } from './store-errors.js';

/** S3's codes for refusals that stay until someone changes rights, settings or the request. */
const REFUSALS: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AllAccessDisabled',
  'AccountProblem',
  'AuthorizationHeaderMalformed',
  'BucketAlreadyExists',
  'EntityTooLarge',
  'InvalidAccessKeyId',
  'InvalidArgument',
  'InvalidBucketName',
  'InvalidRequest',
  'InvalidToken',
  'KeyTooLongError',
  'MethodNotAllowed',
  'MovedPermanently',
  'NoSuchKey',
  'NotFound',
  'NotImplemented',
  'PermanentRedirect',
  'QuotaExceeded',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'XMinioInvalidObjectName',
  'XMinioInvalidResourceName',
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
  if (REFUSALS.has(code)) return new StoreRefusedError(`${doing}: the object store refuses with ${code}`, options);
  const why = code || (error as { code?: string }).code || (error as Error).message;
  return new StoreUnavailableError(`${doing}: the object store is not available (${why})`, options);
}
