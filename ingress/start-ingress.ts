import { createKafka } from '../infra/kafka/connection/client.js';
import type { Logger } from '../infra/observability/logger.js';
import { prepareKafka } from '../infra/program/prepare-kafka.js';
import type { RunningProgram } from '../infra/program/run-program.js';
import { SchemaRegistryClient } from '../infra/schema-registry/client.js';
import { topicNames } from '../schemas/topics.js';
import { allowAnyone, createAuthenticator } from './http/routes/authentication.js';
import { ByteBudget } from './http/server/byte-budget.js';
import { Deadlines } from '../infra/async/deadlines.js';
import { HttpServer } from './http/server/http-server.js';
import { ingressRoutes } from './http/routes/ingress-routes.js';
import type { MetricsPage } from './http/routes/status-routes.js';
import { loadUws } from './http/server/uws-loader.js';
import type { IngressMetrics } from './ingress-metrics.js';
import { spoolDir, tlsFiles, type IngressSettings } from './settings.js';
import { nodeFs } from './spool/file-system.js';
import { SpooledStore } from './delivery/spooled-store.js';
import { createWebhookReceiver } from './webhook/receive-webhook.js';

/** Memory for bodies that wait for their rest, or for their durability. */
const BODIES_IN_FLIGHT_BYTES = 64 * 1024 * 1024;

/** Shorter than the idle time-out of uWebSockets.js (10 s), which closes without an answer. */
const BODY_TIMEOUT_MS = 8_000;

export type IngressOptions = {
  readonly settings: IngressSettings;
  readonly logger: Logger;
  /** Which of the workers this is, counted from 1. */
  readonly worker: number;
  readonly metrics: IngressMetrics;
  readonly metricsPage: () => Promise<MetricsPage>;
  /** Kafka or the registry are there, but do not fit: an operator must act. */
  readonly onUnfit: (error: unknown) => void;
};

/**
 * Starts the ingress. It listens at once, and takes events into the spool until Kafka, topics and schemas are there.
 *
 * @throws UwsUnavailableError, ListenError, SpoolUnusableError, NewerSpoolError: print the message and exit.
 */
export async function startIngress(options: IngressOptions): Promise<RunningProgram> {
  const { settings, logger, worker, metrics, metricsPage, onUnfit } = options;
  const uws = loadUws();
  const topics = topicNames(settings.TOPIC_PREFIX);
  const kafka = createKafka(settings, 'ingress', logger);
  const store = new SpooledStore({
    kafka,
    logger,
    topics,
    lingerMs: settings.INGRESS_LINGER_MS,
    ackTimeoutMs: settings.INGRESS_ACK_TIMEOUT_MS,
    spool: {
      fs: nodeFs,
      root: spoolDir(settings),
      worker,
      workers: settings.INGRESS_WORKERS,
      maxBytes: Math.floor(settings.INGRESS_SPOOL_MAX_BYTES / settings.INGRESS_WORKERS),
      logger,
    },
    observer: metrics,
  });
  await store.openSpool();
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
    tlsFiles(settings),
  );
  metrics.watch({
    requestsInFlight: () => server.requestsInFlight,
    bytesInFlight: () => budget.usedBytes,
    recordsPending: () => store.pending(),
    ready: () => notReady() === undefined,
    spool: store.spoolState,
  });
  await server.listen({
    host: settings.INGRESS_HOST,
    port: settings.INGRESS_PORT,
    isShared: settings.INGRESS_WORKERS > 1,
  });
  logger.info({ host: settings.INGRESS_HOST, port: settings.INGRESS_PORT }, 'ingress listens');
  const registry = new SchemaRegistryClient(settings, logger);
  prepareKafka({ settings, kafka, topics, registry, logger, whileRegistryIsAway: 'wait' }).then(
    ({ subjectIds }) => store.connect(subjectIds.events),
    onUnfit,
  );

  return {
    stop: async () => {
      logger.info({ requestsInFlight: server.requestsInFlight }, 'ingress drains');
      server.drain();
      const hurry = setTimeout(() => store.spoolPending(), settings.INGRESS_DRAIN_MS / 2);
      await server.whenIdle();
      clearTimeout(hurry);
      // Events of senders that have gone away are still on their way.
      await store.close();
      server.close();
    },
  };
}
