import { readFileSync } from 'node:fs';
import { Kafka, logLevel, type KafkaConfig, type LogEntry, type SASLOptions } from 'kafkajs';
import { slowIdleTimers } from './idle-timers.js';
import { createSocket } from './socket.js';
import type { CommonSettings } from '../../settings/common.js';
import type { Logger } from '../../observability/logger.js';

export type { Kafka } from 'kafkajs';

slowIdleTimers();

/** How long a connection may take, and a request: short, because what waits behind a hung broker has a deadline of its own. */
const CONNECTION_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 15_000;

/** Connection to the brokers as the settings say; nothing is sent before a producer, consumer or admin connects. */
export function createKafka(settings: CommonSettings, clientId: string, logger: Logger): Kafka {
  const config: KafkaConfig = {
    clientId,
    brokers: [...settings.KAFKA_BROKERS],
    socketFactory: createSocket,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
    logLevel: logLevel.WARN,
    logCreator: () => logForwarder(logger),
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

/** Said at each start of a producer; that it retries no longer than we let it is what we want. */
const EXPECTED = 'Limiting retries for the idempotent producer may invalidate EoS guarantees';

/** How long the same warning is not repeated: during an outage kafkajs logs each of its many retries. */
const REPEAT_AFTER_MS = 10_000;

/**
 * kafkajs logs each retry as an error. What is not retried reaches our own code as an exception, so its log is a warning at most,
 * and of the same warnings one in a while.
 */
function logForwarder(logger: Logger): (entry: LogEntry) => void {
  const warnedAt = new Map<string, number>();
  return ({ namespace, level, log }) => {
    const { message, timestamp: _timestamp, logger: _name, stack: _stack, ...rest } = log;
    if (message === EXPECTED) return;
    const line = { client: namespace, ...rest };
    const now = performance.now();
    const isRepeated = now - (warnedAt.get(message) ?? Number.NEGATIVE_INFINITY) < REPEAT_AFTER_MS;
    if (level > logLevel.WARN || isRepeated) {
      logger.debug(line, message);
      return;
    }
    // Messages name brokers, topics and groups, which are few; should they ever be many, repeating one is no harm.
    if (warnedAt.size > 1_000) warnedAt.clear();
    warnedAt.set(message, now);
    logger.warn(line, message);
  };
}
