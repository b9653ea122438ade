import { Kafka, logLevel, type KafkaConfig, type SASLOptions } from 'kafkajs';
import type { Logger } from '../../observability/logger.js';
import type { CommonSettings } from '../../settings/common.js';
import { KafkaTlsFiles } from '../../settings/kafka-tls-files.js';
import { watchSocket } from './connection-fault.js';
import { ConnectionFaultLog } from './connection-fault-log.js';
import { forwardLogs } from './forward-logs.js';
import { slowIdleTimers } from './idle-timers.js';
import { tolerateLeaderlessPartitions } from './leaderless-partitions.js';
import { skipUnreachableBrokers } from './reachable-brokers.js';
import { createSocket } from './socket.js';

export type { Kafka } from 'kafkajs';

slowIdleTimers();
tolerateLeaderlessPartitions();
skipUnreachableBrokers();

/** Time limits of a connection attempt and of a request. Short, because callers that wait for a hung broker have deadlines of their own. */
const CONNECTION_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 15_000;

/**
 * A client with the brokers, TLS and SASL of the settings. Sends nothing before a producer, consumer or admin client connects. Each new
 * connection uses the password that the settings have then, and the newest contents of `tlsFiles`.
 */
export function createKafka(
  settings: CommonSettings,
  clientId: string,
  logger: Logger,
  tlsFiles = new KafkaTlsFiles(settings),
): Kafka {
  const faults = new ConnectionFaultLog(settings, logger);
  const config: KafkaConfig = {
    clientId,
    brokers: [...settings.KAFKA_BROKERS],
    socketFactory: (args) => watchSocket(createSocket(args), `${args.host}:${args.port}`, faults.report),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
    logLevel: logLevel.WARN,
    logCreator: () => {
      const forward = forwardLogs(logger);
      return (entry) => {
        forward(entry);
        faults.reportEntry(entry);
      };
    },
  };
  if (settings.KAFKA_SSL) config.ssl = tlsFiles.options;
  if (settings.KAFKA_SASL_MECHANISM !== '') {
    config.sasl = {
      mechanism: settings.KAFKA_SASL_MECHANISM,
      username: settings.KAFKA_SASL_USERNAME,
      get password() {
        return settings.KAFKA_SASL_PASSWORD;
      },
    } as SASLOptions;
  }
  return new Kafka(config);
}

/** Everything in the settings that decides whether the brokers let us in, secrets and certificates included: never log it. */
export function kafkaAccess(settings: CommonSettings, { options }: KafkaTlsFiles): string {
  const { KAFKA_BROKERS, KAFKA_SSL, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD } = settings;
  const { ca, cert, key } = options;
  const sasl = [KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD];
  return JSON.stringify([KAFKA_BROKERS, KAFKA_SSL, ca, cert, key, ...sasl]);
}
