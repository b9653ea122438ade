/** Node's codes for a host name that does not exist and for a certificate that is not trusted or does not match. */
const SETTINGS_CODES: ReadonlySet<unknown> = new Set([
  'ENOTFOUND',
  'EPROTO',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);
/** kafkajs keeps only the message of a connection error. */
const SETTINGS_MESSAGE =
  /SASL|authenticat|self[- ]signed certificate|unable to (get|verify)|certificate has expired|altnames|wrong version number|ENOTFOUND|ssl3?_|EPROTO/i;

/** Whether a connection failed because of our settings (credentials, certificates, host name), which waiting does not mend. */
export function isMisconfiguration(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (SETTINGS_CODES.has((cause as Error & { code?: unknown }).code) || SETTINGS_MESSAGE.test(cause.message))
      return true;
  }
  return false;
}
