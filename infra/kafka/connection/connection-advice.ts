import type { CommonSettings } from '../../settings/common.js';
import type { ConnectionFault } from './connection-fault.js';

type Settings = Pick<CommonSettings, 'KAFKA_BROKERS' | 'KAFKA_SSL' | 'KAFKA_SSL_CERT_FILE' | 'KAFKA_SASL_MECHANISM'>;

const UNTRUSTED: ReadonlySet<string> = new Set([
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The other side speaks no TLS, or ended the connection in the middle of the handshake. */
const NO_TLS = /^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|EPROTO|ECONNRESET|EPIPE)$/;
const CLIENT_CERTIFICATE =
  /^ERR_SSL_.*ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|UNSUPPORTED_CERT)/;
const CLIENT_CERTIFICATE_SETTINGS = 'KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE';

/**
 * What is wrong with a connection to a broker, and which setting to change. `undefined` where only the error itself is known. Contains no
 * secret.
 */
export function connectionAdvice(fault: ConnectionFault, settings: Settings): string | undefined {
  switch (fault.kind) {
    case 'TLS alert':
      return 'the port expects TLS; set KAFKA_SSL=true';
    case 'closed unanswered':
      return closedUnanswered(settings);
    case 'closed after one answer':
      if (settings.KAFKA_SASL_MECHANISM !== '') return undefined;
      return 'the broker closed the connection after the first request, as it does when a client has not authenticated; set KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, or name a port without SASL in KAFKA_BROKERS';
    case 'failed':
      return settings.KAFKA_SSL
        ? (tlsAdvice(fault, settings) ?? networkAdvice(fault, settings))
        : networkAdvice(fault, settings);
    case 'reported':
      return saslAdvice(fault.message, settings) ?? networkAdvice(fault, settings);
  }
}

function closedUnanswered({ KAFKA_SSL, KAFKA_SSL_CERT_FILE }: Settings): string {
  if (!KAFKA_SSL) {
    return 'the broker closed the connection without an answer, as a TLS port does to a client without TLS; set KAFKA_SSL=true, or name a port without TLS in KAFKA_BROKERS';
  }
  if (KAFKA_SSL_CERT_FILE === '') {
    return `the broker closed the connection right after the TLS handshake; if it asks for a client certificate, set ${CLIENT_CERTIFICATE_SETTINGS}`;
  }
  return `the broker closed the connection right after the TLS handshake; check that it trusts the certificate in ${CLIENT_CERTIFICATE_SETTINGS}`;
}

function tlsAdvice({ code = '', message }: ConnectionFault, settings: Settings): string | undefined {
  if (UNTRUSTED.has(code)) {
    return `the broker's certificate is not signed by an authority that is trusted here; set KAFKA_SSL_CA_FILE to the certificate of the authority that signed it (${code})`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the broker's certificate is for another host name; use a name that it states in ${whereNamed(settings)} (${message})`;
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return `the broker's certificate, or one in KAFKA_SSL_CA_FILE, has expired or is not valid yet; renew it, and check the clock of this machine`;
  }
  if (CLIENT_CERTIFICATE.test(code)) {
    return settings.KAFKA_SSL_CERT_FILE === ''
      ? `the broker asks for a client certificate; set ${CLIENT_CERTIFICATE_SETTINGS} (${code})`
      : `the broker does not accept the client certificate; check ${CLIENT_CERTIFICATE_SETTINGS}, and the authorities that the broker trusts (${code})`;
  }
  if (NO_TLS.test(code)) {
    return 'the TLS handshake failed, as on a port without TLS; name a TLS port in KAFKA_BROKERS, or set KAFKA_SSL=false';
  }
  return undefined;
}

function networkAdvice(fault: ConnectionFault, settings: Settings): string | undefined {
  const where = whereNamed(settings, fault.broker);
  const { code = '', message } = fault;
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name cannot be resolved; check it in ${where}`;
    case 'ECONNREFUSED':
      return `nothing listens on the port; check host and port in ${where}, and whether the broker runs`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return `the host does not answer; check ${where}, and the firewalls on the way (${code})`;
  }
  if (message !== 'Connection timeout') return undefined;
  return settings.KAFKA_SSL
    ? `no TLS connection in time; check host and port in ${where}, that the port speaks TLS (KAFKA_SSL), and the firewalls on the way`
    : `no connection in time; check host and port in ${where}, and the firewalls on the way`;
}

/** Where a broker's address comes from: brokers also announce each other. */
function whereNamed({ KAFKA_BROKERS }: Settings, broker?: string): string {
  return broker === undefined || KAFKA_BROKERS.includes(broker)
    ? 'KAFKA_BROKERS'
    : `the brokers' advertised.listeners (KAFKA_BROKERS does not name it)`;
}

function saslAdvice(message: string, { KAFKA_SASL_MECHANISM: mechanism }: Settings): string | undefined {
  if (/does not support the requested SASL mechanism|mechanism is not supported by the server/.test(message)) {
    return `the broker does not offer ${mechanism}; set KAFKA_SASL_MECHANISM to one that it does`;
  }
  if (/not valid given the current SASL state/.test(message)) {
    return 'the port works without authentication; unset KAFKA_SASL_MECHANISM, or name a port with SASL in KAFKA_BROKERS';
  }
  if (/^SASL .*authentication failed/i.test(message)) {
    return `the broker does not accept the credentials; check ${credentials(mechanism)}`;
  }
  return undefined;
}

function credentials(mechanism: string): string {
  return /oauth|aws/.test(mechanism)
    ? `the credentials for KAFKA_SASL_MECHANISM=${mechanism}`
    : 'KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD (or KAFKA_SASL_PASSWORD_FILE)';
}
