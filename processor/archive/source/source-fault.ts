import type { FailureReason } from '../recording/failure-reason.js';

/** Reasons for which a download can fail. */
export type SourceReason = Exclude<FailureReason, 'store_unavailable' | 'store_refused'>;

/** Why a download attempt failed. Contains nothing of the link, so it may be logged. */
export type SourceFault = {
  readonly reason: SourceReason;
  /** An error code or status, for the log: `ECONNREFUSED`, `HTTP 503`. */
  readonly detail?: string;
  /** Delay that the source asks for (Retry-After). */
  readonly retryAfterMs?: number;
};

/**
 * Maps an error of the network or of decoding to a fault. Drops its message, because Node puts hosts, addresses and whole links into
 * messages.
 *
 * @throws the error itself if it has no code: then it is a bug of ours, not a fault of the source.
 */
export function faultOfError(error: unknown): SourceFault {
  const detail = codeOf(error);
  if (detail === undefined) throw error;
  return { reason: reasonOf(detail), detail };
}

function reasonOf(code: string): SourceReason {
  if (isTls(code)) return 'tls_error';
  if (['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'Z_BUF_ERROR'].includes(code)) return 'truncated';
  if (['Z_', 'ERR_BROTLI', 'ERR__ERROR_'].some((prefix) => code.startsWith(prefix))) return 'bad_encoding';
  if (code === 'ETIMEDOUT') return 'timeout';
  return code.startsWith('HPE_') ? 'source_error' : 'source_unreachable';
}

/** `code` of an error, or of the first error of an aggregate: with several addresses, each one may fail. */
function codeOf(error: unknown): string | undefined {
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : undefined;
}

/** OpenSSL's verification codes have no common prefix. */
function isTls(code: string): boolean {
  const ofNode = code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || code === 'EPROTO';
  return ofNode || /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY|DECRYPT)|CRL_|HOSTNAME_MISMATCH/.test(code);
}
