/** Every `reason` of `recording.failed`. docs/archive.md explains each and says what to do. */
export const FAILURE_REASONS = [
  'invalid_url',
  'insecure_url',
  'forbidden_address',
  'too_many_redirects',
  'expired',
  'source_refused',
  'source_error',
  'source_unreachable',
  'tls_error',
  'timeout',
  'truncated',
  'checksum_mismatch',
  'too_large',
  'empty_body',
  'not_audio',
  'bad_encoding',
  'spill_failed',
  'store_unavailable',
  'store_refused',
  'internal_error',
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];

/**
 * Whether to retry a failed download:
 * `never`: our own rules reject the link; `once`: the source rejected it, which is rarely transient;
 * `until_deadline`: the source or network may recover at any moment.
 */
export type RetryPolicy = 'never' | 'once' | 'until_deadline';

export function retryPolicy(reason: FailureReason): RetryPolicy {
  switch (reason) {
    case 'invalid_url':
    case 'insecure_url':
    case 'forbidden_address':
    case 'too_large':
      return 'never';
    case 'expired':
    case 'source_refused':
    case 'too_many_redirects':
    case 'empty_body':
    case 'not_audio':
    case 'bad_encoding':
      return 'once';
    case 'source_error':
    case 'source_unreachable':
    case 'tls_error':
    case 'timeout':
    case 'truncated':
    case 'checksum_mismatch':
    case 'spill_failed':
    case 'store_unavailable':
    case 'store_refused':
    case 'internal_error':
      return 'until_deadline';
    default:
      return reason satisfies never;
  }
}
