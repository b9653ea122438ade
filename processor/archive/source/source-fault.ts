import type { FailureReason } from '../failure-reason.js';

/** Reasons that a download can fail for. */
export type SourceReason = Exclude<FailureReason, 'store_unavailable' | 'store_refused'>;

/** Why an attempt to download failed. Holds nothing of the link, so it may be logged. */
export type SourceFault = {
  readonly reason: SourceReason;
  /** An error code or status, for the log: `ECONNREFUSED`, `HTTP 503`. */
  readonly detail?: string;
  /** The source asks not to be tried sooner (Retry-After). */
  readonly retryAfterMs?: number;
};

/**
 * The fault that an error of the network or of decoding stands for. Nothing of its message is kept: node puts hosts, addresses and
 * whole links into messages.
 */
export function faultOfError(error: unknown): SourceFault {
  const code = codeOf(error);
  const detail = { ...(code !== '' && { detail: code }) };
  if (isTls(code, error)) return { reason: 'tls_error', ...detail };
  if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'Z_BUF_ERROR') {
    return { reason: 'truncated', ...detail };
  }
  if (code.startsWith('Z_') || code.startsWith('ERR_BROTLI') || code.startsWith('ERR__ERROR_')) {
    return { reason: 'bad_encoding', ...detail };
  }
  if (code === 'ETIMEDOUT') return { reason: 'timeout', ...detail };
  if (code.startsWith('HPE_')) return { reason: 'source_error', ...detail };
  return { reason: 'source_unreachable', ...detail };
}

/** `code` of an error, or that of the first of several: with many addresses each has an error of its own. */
function codeOf(error: unknown): string {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : '';
}

/** OpenSSL's verification codes have no common prefix; what they have in common is that node says so in other ways. */
function isTls(code: string, error: unknown): boolean {
  return (
    code.startsWith('ERR_TLS') ||
    code.startsWith('ERR_SSL') ||
    code === 'EPROTO' ||
    /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY|DECRYPT)|CRL_|HOSTNAME_MISMATCH/.test(code) ||
    (error instanceof Error && error.name === 'TLSError')
  );
}
