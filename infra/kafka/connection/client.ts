import { readFileSync } from 'node:fs';
import { Kafka, logLevel, type KafkaConfig, type SASLOptions } from 'kafkajs';
import type { Logger } from '../../observability/logger.js';
import type { CommonSettings } from '../../settings/common.js';
import { forwardLogs } from './forward-logs.js';
import { slowIdleTimers } from './idle-timers.js';
import { createSocket } from './socket.js';

export type { Kafka } from 'kafkajs';

slowIdleTimers();

/** Time limits of a connection attempt and of a request. Short, because callers that wait for a hung broker have deadlines of their own. */
const CONNECTION_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 15_000;

/** A client with the brokers, TLS and SASL of the settings. Sends nothing before a producer, consumer or admin client connects. */
export function createKafka(settings: CommonSettings, clientId: string, logger: Logger): Kafka {
  const config: KafkaConfig = {
    clientId,
    brokers: [...settings.KAFKA_BROKERS],
    socketFactory: createSocket,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
    logLevel: logLevel.WARN,
    logCreator: () => forwardLogs(logger),
  };
  if (settings.KAFKA_SSL) config.ssl = tlsOptions(settings);
  if (settings.KAFKA_SASL_MECHANISM !== '') {
    config.sasl = {
      mechanism: settings.KAFKA_SASL_MECHANISM,
      username: settings.KAFKA_SASL_USERNAME,
      password: settings.KAFKA_SASL_PASSWORD,
    } as SASLOptions;
  }
  return new Kafka(config);
}

function tlsOptions(settings: CommonSettings) {
  return {
    ...(settings.KAFKA_SSL_CA_FILE && { ca: [readFileSync(settings.KAFKA_SSL_CA_FILE, 'utf8')] }),
    ...(settings.KAFKA_SSL_CERT_FILE && { cert: readFileSync(settings.KAFKA_SSL_CERT_FILE, 'utf8') }),
    ...(settings.KAFKA_SSL_KEY_FILE && { key: readFileSync(settings.KAFKA_SSL_KEY_FILE, 'utf8') }),
  };
}

/** Everything in the settings that decides whether the brokers let us in, secrets and certificates included: never log it. */
export function kafkaSettings(settings: CommonSettings): string {
  const { KAFKA_BROKERS, KAFKA_SSL, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD } = settings;
  const tls = KAFKA_SSL && tlsOptions(settings);
  return JSON.stringify([KAFKA_BROKERS, tls, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD]);
}
