import { createKafka } from '../infra/kafka/client.js';
import type { Logger } from '../infra/observability/logger.js';
import type { RunningProgram } from '../infra/program/run-program.js';
import { topicNames } from '../schemas/topics.js';
import { allowAnyone, createAuthenticator } from './http/authentication.js';
import { ByteBudget } from './http/byte-budget.js';
import { Deadlines } from './http/deadlines.js';
import { HttpServer } from './http/http-server.js';
import { ingressRoutes } from './http/ingress-routes.js';
import type { MetricsPage } from './http/status-routes.js';
import { loadUws } from './http/uws-loader.js';
import type { IngressMetrics } from './ingress-metrics.js';
import type { IngressSettings } from './settings.js';
import { KafkaStore } from './store/kafka-store.js';
import { prepareKafka } from './store/prepare-kafka.js';
import { createWebhookReceiver } from './webhook/receive-webhook.js';

/** Memory for bodies that wait for their rest, or for their durability. */
const BODIES_IN_FLIGHT_BYTES = 64 * 1024 * 1024;

/** Shorter than the idle time-out of uWebSockets.js (10 s), which closes without an answer. */
const BODY_TIMEOUT_MS = 8_000;

export type IngressOptions = {
  readonly settings: IngressSettings;
  readonly logger: Logger;
  readonly metrics: IngressMetrics;
  readonly metricsPage: () => Promise<MetricsPage>;
  /** Kafka or the registry are there, but do not fit: an operator must act. */
  readonly onUnfit: (error: unknown) => void;
};

/**
 * Starts the ingress. It listens at once, so that it can be seen to live and not to be ready;
 * events are refused until topics and schemas are there.
 *
 * @throws UwsUnavailableError, ListenError: print the message and exit.
 */
export async function startIngress(options: IngressOptions): Promise<RunningProgram> {
  const { settings, logger, metrics, metricsPage, onUnfit } = options;
  const uws = loadUws();
  const topics = topicNames(settings.TOPIC_PREFIX);
  const kafka = createKafka(settings, 'ingress', logger);
  const store = new KafkaStore({
    kafka,
    logger,
    topics,
    lingerMs: settings.INGRESS_LINGER_MS,
    ackTimeoutMs: settings.INGRESS_ACK_TIMEOUT_MS,
  });
  const budget = new ByteBudget(Math.max(BODIES_IN_FLIGHT_BYTES, 2 * settings.INGRESS_MAX_BODY_BYTES));
  const isOpenToAnyone = settings.INGRESS_TOKENS.length === 0;
  const notReady = () => (server.isDraining ? 'stopping' : store.notReady());
  const server: HttpServer = new HttpServer(
    uws,
    ingressRoutes({
      receive: createWebhookReceiver(store, metrics),
      metrics,
      authenticate: isOpenToAnyone ? allowAnyone : createAuthenticator(settings.INGRESS_TOKENS),
      authHeader: settings.INGRESS_AUTH_HEADER,
      isOpenToAnyone,
      limits: { maxBodyBytes: settings.INGRESS_MAX_BODY_BYTES, budget, deadlines: new Deadlines(BODY_TIMEOUT_MS) },
      notReady,
      metricsPage,
    }),
    metrics,
  );
  metrics.watch({
    requestsInFlight: () => server.requestsInFlight,
    bytesInFlight: () => budget.usedBytes,
    recordsPending: () => store.pending(),
    ready: () => notReady() === undefined,
  });
  await server.listen({
    host: settings.INGRESS_HOST,
    port: settings.INGRESS_PORT,
    isShared: settings.INGRESS_WORKERS > 1,
  });
  logger.info({ host: settings.INGRESS_HOST, port: settings.INGRESS_PORT }, 'ingress listens');
  prepareKafka(settings, kafka, topics, logger).then(({ events }) => store.open(events), onUnfit);

  return {
    stop: async () => {
      logger.info({ requestsInFlight: server.requestsInFlight }, 'ingress drains');
      server.drain();
      await server.whenIdle();
      // Events of senders that have gone away are still on their way.
      await store.close();
      server.close();
    },
  };
}
