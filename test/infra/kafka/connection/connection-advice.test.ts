import { describe, expect, it } from 'vitest';
import { connectionAdvice } from '../../../../infra/kafka/connection/connection-advice.js';
import type { ConnectionFault } from '../../../../infra/kafka/connection/connection-fault.js';

const PLAIN = {
  KAFKA_BROKERS: ['kafka:9092'],
  KAFKA_SSL: false,
  KAFKA_SSL_CERT_FILE: '',
  KAFKA_SASL_MECHANISM: '',
} as const;
const TLS = { ...PLAIN, KAFKA_SSL: true } as const;
const MUTUAL = { ...TLS, KAFKA_SSL_CERT_FILE: 'client.pem' } as const;
const SASL = { ...TLS, KAFKA_SASL_MECHANISM: 'scram-sha-512' } as const;

const failed = (code: string, message = code): ConnectionFault => ({
  broker: 'kafka:9092',
  kind: 'failed',
  code,
  message,
});
const reported = (message: string): ConnectionFault => ({ broker: 'kafka:9092', kind: 'reported', message });
const closed = (kind: ConnectionFault['kind']): ConnectionFault => ({ broker: 'kafka:9092', kind, message: 'closed' });

describe('connection advice', () => {
  it.each([
    [closed('TLS alert'), PLAIN, 'set KAFKA_SSL=true'],
    [closed('closed unanswered'), PLAIN, 'set KAFKA_SSL=true'],
    [closed('closed unanswered'), TLS, 'set KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE'],
    [closed('closed unanswered'), MUTUAL, 'check that it trusts the certificate in KAFKA_SSL_CERT_FILE'],
    [closed('closed after one answer'), PLAIN, 'set KAFKA_SASL_MECHANISM'],
    [closed('closed after one answer'), SASL, undefined],
    [failed('ERR_SSL_WRONG_VERSION_NUMBER'), TLS, 'KAFKA_SSL=false'],
    [failed('ERR_SSL_PACKET_LENGTH_TOO_LONG'), TLS, 'KAFKA_SSL=false'],
    [failed('ECONNRESET'), TLS, 'KAFKA_SSL=false'],
    [failed('ECONNRESET'), PLAIN, undefined],
    [failed('SELF_SIGNED_CERT_IN_CHAIN'), TLS, 'set KAFKA_SSL_CA_FILE'],
    [failed('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), TLS, 'set KAFKA_SSL_CA_FILE'],
    [failed('CERT_HAS_EXPIRED'), TLS, 'renew it'],
    [failed('ERR_TLS_CERT_ALTNAME_INVALID'), TLS, 'use a name that it states in KAFKA_BROKERS'],
    [failed('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), TLS, 'set KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE'],
    [failed('ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE'), MUTUAL, 'check KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE'],
    [failed('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'), MUTUAL, 'check KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE'],
    [failed('ENOTFOUND'), PLAIN, 'check it in KAFKA_BROKERS'],
    [failed('EAI_AGAIN'), TLS, 'check it in KAFKA_BROKERS'],
    [failed('ECONNREFUSED'), TLS, 'check host and port in KAFKA_BROKERS'],
    [failed('EHOSTUNREACH'), PLAIN, 'firewalls'],
    [reported('Connection timeout'), PLAIN, 'firewalls'],
    [reported('Connection timeout'), TLS, 'KAFKA_SSL'],
    [reported('SASL PLAIN authentication failed: Authentication failed'), SASL, 'KAFKA_SASL_PASSWORD_FILE'],
    [reported('SASL SCRAM SHA512 authentication failed: invalid credentials'), SASL, 'check KAFKA_SASL_USERNAME'],
    [
      reported('The broker does not support the requested SASL mechanism'),
      SASL,
      'not offer scram-sha-512; set KAFKA_SASL',
    ],
    [reported('SASL PLAIN mechanism is not supported by the server'), SASL, 'set KAFKA_SASL_MECHANISM'],
    [reported('Request is not valid given the current SASL state'), SASL, 'unset KAFKA_SASL_MECHANISM'],
    [reported('The group is rebalancing, so a rejoin is needed'), SASL, undefined],
  ] as const)('for %o with %o is: %s', (fault, settings, expected) => {
    const advice = connectionAdvice(fault, settings);
    if (expected === undefined) expect(advice).toBeUndefined();
    else expect(advice).toContain(expected);
  });

  it('for a broker that only other brokers name points to their listeners', () => {
    const fault: ConnectionFault = { ...failed('ENOTFOUND'), broker: 'kafka-0.internal:9092' };
    expect(connectionAdvice(fault, PLAIN)).toContain("the brokers' advertised.listeners");
  });
});
