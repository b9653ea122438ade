import { bool, makeValidator, str } from 'envalid';
import { kafkaTlsFaults } from './kafka-tls-files.js';
import { secret } from './secrets.js';
import { brokerList, httpUrl, integer, topicPrefix } from './validators.js';

const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
export type SaslMechanism = (typeof SASL_MECHANISMS)[number];

/** Accepts upper case, as in Kafka, and lower case, as in kafkajs. */
const saslMechanism = makeValidator<SaslMechanism | ''>((input: string) => {
  const mechanism = SASL_MECHANISMS.find((name) => name === input.toLowerCase());
  if (mechanism === undefined) throw new TypeError(`must be one of ${SASL_MECHANISMS.join(', ')}`);
  return mechanism;
});

/** Settings that ingress and processor share. The defaults fit the local stack. */
export const commonSpecs = {
  KAFKA_BROKERS: brokerList({ default: ['127.0.0.1:9092'], desc: 'comma-separated list of host:port' }),
  KAFKA_SSL: bool({ default: false, desc: 'TLS to the brokers' }),
  KAFKA_SSL_CA_FILE: str({ default: '', desc: 'PEM file of the certificate authority' }),
  KAFKA_SSL_CERT_FILE: str({ default: '', desc: 'PEM file of the client certificate' }),
  KAFKA_SSL_KEY_FILE: str({ default: '', desc: 'PEM file of the client key' }),
  KAFKA_SASL_MECHANISM: saslMechanism({ default: '' }),
  KAFKA_SASL_USERNAME: str({ default: '' }),
  KAFKA_SASL_PASSWORD: secret(str({ default: '' })),
  KAFKA_COMPRESSION: str({
    default: 'none',
    choices: ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const,
    desc: 'compression of the batches that are written; all of these are read',
  }),
  SCHEMA_REGISTRY_URL: httpUrl({ default: 'http://127.0.0.1:8081/apis/ccompat/v7' }),
  SCHEMA_REGISTRY_USERNAME: str({ default: '' }),
  SCHEMA_REGISTRY_PASSWORD: secret(str({ default: '' })),
  /** Whether missing schemas may be registered; otherwise somebody else does. */
  SCHEMA_REGISTER: bool({ default: true }),
  TOPIC_PREFIX: topicPrefix({ default: '' }),
  /** Whether missing topics may be created; otherwise somebody else does. */
  TOPIC_CREATE: bool({ default: true }),
  TOPIC_PARTITIONS: integer({ min: 1, max: 10_000 })({ default: 6 }),
  /** 0 means unset: see {@link replicationFactor}. */
  TOPIC_REPLICATION_FACTOR: integer({ min: 1, max: 99 })({ default: 0 }),
  LOG_LEVEL: str({ default: 'info', choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const }),
};

export type CommonSettings = {
  readonly KAFKA_BROKERS: readonly string[];
  readonly KAFKA_SSL: boolean;
  readonly KAFKA_SSL_CA_FILE: string;
  readonly KAFKA_SSL_CERT_FILE: string;
  readonly KAFKA_SSL_KEY_FILE: string;
  readonly KAFKA_SASL_MECHANISM: SaslMechanism | '';
  readonly KAFKA_SASL_USERNAME: string;
  readonly KAFKA_SASL_PASSWORD: string;
  readonly KAFKA_COMPRESSION: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  readonly SCHEMA_REGISTRY_URL: string;
  readonly SCHEMA_REGISTRY_USERNAME: string;
  readonly SCHEMA_REGISTRY_PASSWORD: string;
  readonly SCHEMA_REGISTER: boolean;
  readonly TOPIC_PREFIX: string;
  readonly TOPIC_CREATE: boolean;
  readonly TOPIC_PARTITIONS: number;
  readonly TOPIC_REPLICATION_FACTOR: number;
  readonly LOG_LEVEL: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
};

/** Conflicts between the common settings. */
export function commonFaults(settings: Partial<CommonSettings>): string[] {
  const faults: string[] = [];
  if (Boolean(settings.KAFKA_SSL_CERT_FILE) !== Boolean(settings.KAFKA_SSL_KEY_FILE)) {
    faults.push('KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE: set both or neither');
  }
  if (!settings.KAFKA_SSL && (settings.KAFKA_SSL_CA_FILE || settings.KAFKA_SSL_CERT_FILE)) {
    faults.push('KAFKA_SSL must be true when a KAFKA_SSL_*_FILE is set');
  }
  faults.push(...kafkaTlsFaults(settings));
  if (settings.KAFKA_SASL_MECHANISM && !(settings.KAFKA_SASL_USERNAME && settings.KAFKA_SASL_PASSWORD)) {
    faults.push('KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD are required with KAFKA_SASL_MECHANISM');
  }
  if (!settings.KAFKA_SASL_MECHANISM && settings.KAFKA_SASL_USERNAME) {
    faults.push('KAFKA_SASL_MECHANISM is required with KAFKA_SASL_USERNAME: plain, scram-sha-256 or scram-sha-512');
  }
  if (Boolean(settings.SCHEMA_REGISTRY_USERNAME) !== Boolean(settings.SCHEMA_REGISTRY_PASSWORD)) {
    faults.push('SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD: set both or neither');
  }
  return faults;
}

/** Replicas of each topic: the setting, or else 1 if every broker is on this machine, and 3 otherwise. */
export function replicationFactor(settings: CommonSettings): number {
  if (settings.TOPIC_REPLICATION_FACTOR > 0) return settings.TOPIC_REPLICATION_FACTOR;
  return settings.KAFKA_BROKERS.every((broker) => isLoopback(broker.slice(0, broker.lastIndexOf(':')))) ? 1 : 3;
}

/** Whether a host name or address literal is the loopback interface of this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
