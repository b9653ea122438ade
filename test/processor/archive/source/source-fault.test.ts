import { describe, expect, it } from 'vitest';
import { faultOfError } from '../../../../processor/archive/source/source-fault.js';

const error = (code: string) => Object.assign(new Error('https://secret.example/path?token=1'), { code });

describe('faultOfError', () => {
  it.each([
    ['ECONNREFUSED', 'source_unreachable'],
    ['EHOSTUNREACH', 'source_unreachable'],
    ['ENETUNREACH', 'source_unreachable'],
    ['ECONNRESET', 'truncated'],
    ['ERR_STREAM_PREMATURE_CLOSE', 'truncated'],
    ['Z_BUF_ERROR', 'truncated'],
    ['ETIMEDOUT', 'timeout'],
    ['HPE_INVALID_CONSTANT', 'source_error'],
    ['Z_DATA_ERROR', 'bad_encoding'],
    ['ERR__ERROR_FORMAT_RESERVED', 'bad_encoding'],
    ['EPROTO', 'tls_error'],
    ['CERT_HAS_EXPIRED', 'tls_error'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_error'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls_error'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls_error'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls_error'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_error'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls_error'],
  ])('maps %s to %s and drops the message', (code, reason) => {
    expect(faultOfError(error(code))).toEqual({ reason, detail: code });
  });

  it('inspects an aggregate error, and rethrows errors that the source did not cause', () => {
    expect(faultOfError(new AggregateError([error('ECONNREFUSED')]))).toEqual({
      reason: 'source_unreachable',
      detail: 'ECONNREFUSED',
    });
    expect(() => faultOfError(new TypeError('a bug'))).toThrow('a bug');
  });
});
