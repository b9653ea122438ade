import { systemClock } from '../infra/async/clock.js';
import { Deadlines } from '../infra/async/deadlines.js';
import { createKafka } from '../infra/kafka/connection/client.js';
import type { Logger } from '../infra/observability/logger.js';
import { prepareKafka } from '../infra/program/prepare-kafka.js';
import type { RunningProgram } from '../infra/program/run-program.js';
import { SchemaRegistryClient } from '../infra/schema-registry/client.js';
import { topicNames } from '../schemas/topics.js';
import { SpooledSink } from './delivery/spooled-sink.js';
import { allowAnyone, createAuthenticator } from './http/routes/authentication.js';
import { ByteBudget } from './http/server/byte-budget.js';
import { HttpServer } from './http/server/http-server.js';
import { ingressRoutes } from './http/routes/ingress-routes.js';
import type { MetricsPage } from './http/routes/status-routes.js';
import { loadUws } from './http/server/uws-loader.js';
import type { IngressMetrics } from './ingress-metrics.js';
import { startRescueIfEnabled } from './rescue/start-rescue.js';
import { spoolDir, tlsFiles, type IngressSettings } from './settings.js';
import { nodeFs } from './spool/file-system.js';
import { createWebhookReceiver } from './webhook/receive-webhook.js';

/** Memory for bodies that are incomplete or not durable yet. */
const MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024;

/** Time for a whole body. Shorter than the idle timeout of uWebSockets.js (10 s), which closes the connection without an answer. */
const BODY_TIMEOUT_MS = 8_000;

export type IngressDeps = {
  readonly settings: IngressSettings;
  readonly logger: Logger;
  /** This worker's number, from 1. */
  readonly worker: number;
  readonly metrics: IngressMetrics;
  readonly metricsPage: () => Promise<MetricsPage>;
  /** Called when Kafka or the registry are reachable but do not fit: an operator must act. */
  readonly onUnfit: (error: unknown) => void;
};

/**
 * Starts the ingress. It listens at once and spools events until Kafka, topics and schemas are ready.
 *
 * @throws UwsUnavailableError, ListenError, SpoolUnusableError, NewerSpoolError: print the message and exit.
 */
export async function startIngress(deps: IngressDeps): Promise<RunningProgram> {
  const { settings, logger, worker, metrics, metricsPage, onUnfit } = deps;
  const uws = loadUws();
  const topics = topicNames(settings.TOPIC_PREFIX);
  const kafka = createKafka(settings, 'ingress', logger);
  const spool = {
    fs: nodeFs,
    root: spoolDir(settings),
    worker,
    workers: settings.INGRESS_WORKERS,
    maxBytes: Math.floor(settings.INGRESS_SPOOL_MAX_BYTES / settings.INGRESS_WORKERS),
    logger,
  };
  const { INGRESS_LINGER_MS: lingerMs, INGRESS_ACK_TIMEOUT_MS: ackTimeoutMs } = settings;
  const sink = new SpooledSink({ topics, lingerMs, ackTimeoutMs, spool }, { kafka, logger, observer: metrics });
  await sink.openSpool();
  const budget = new ByteBudget(Math.max(MAX_BYTES_IN_FLIGHT, 2 * settings.INGRESS_MAX_BODY_BYTES));
  const isOpenToAnyone = settings.INGRESS_TOKENS.length === 0;
  const readinessFault = () => (server.isDraining ? 'stopping' : sink.readinessFault());
  const server: HttpServer = new HttpServer(
    uws,
    ingressRoutes({
      receive: createWebhookReceiver(sink, metrics),
      metrics,
      authenticate: isOpenToAnyone ? allowAnyone : createAuthenticator(settings.INGRESS_TOKENS),
      authHeader: settings.INGRESS_AUTH_HEADER,
      isOpenToAnyone,
      limits: { maxBodyBytes: settings.INGRESS_MAX_BODY_BYTES, budget, deadlines: new Deadlines(BODY_TIMEOUT_MS) },
      readinessFault,
      metricsPage,
    }),
    metrics,
    tlsFiles(settings),
  );
  metrics.watch({
    requestsInFlight: () => server.requestsInFlight,
    bytesInFlight: () => budget.usedBytes,
    recordsPending: () => sink.pending(),
    ready: () => readinessFault() === undefined,
    spool: sink.spoolState,
  });
  await server.listen({
    host: settings.INGRESS_HOST,
    port: settings.INGRESS_PORT,
    isShared: settings.INGRESS_WORKERS > 1,
  });
  logger.info({ host: settings.INGRESS_HOST, port: settings.INGRESS_PORT }, 'ingress listening');
  const rescue = startRescueIfEnabled({ settings, worker, sink, registry: metrics.registry, logger });
  const registry = new SchemaRegistryClient(settings, logger);
  prepareKafka({ settings, kafka, topics, registry, logger, whileRegistryIsAway: 'wait' }).then(
    ({ subjectIds }) => sink.connect(subjectIds.events),
    onUnfit,
  );

  return {
    stop: async () => {
      logger.info({ requestsInFlight: server.requestsInFlight }, 'ingress stopping: answering the requests in flight');
      server.drain();
      const cancelSpooling = systemClock.after(settings.INGRESS_DRAIN_MS / 2, () => sink.spoolPending());
      await Promise.all([server.whenIdle(), rescue?.stop()]);
      cancelSpooling();
      // Events whose senders have disconnected may still be pending.
      await sink.close();
      server.close();
    },
  };
}
