import { join } from 'node:path';
import { sleep, systemClock } from '../infra/async/clock.js';
import { Deadlines } from '../infra/async/deadlines.js';
import { createKafka, kafkaAccess } from '../infra/kafka/connection/client.js';
import type { Logger } from '../infra/observability/logger.js';
import { FileReloader } from '../infra/settings/file-reloader.js';
import { KafkaTlsFiles } from '../infra/settings/kafka-tls-files.js';
import type { RunningProgram } from '../infra/program/run-program.js';
import { topicNames } from '../schemas/topics.js';
import { prepareDelivery } from './readiness/prepare-delivery.js';
import type { EventSink } from './delivery/event-sink.js';
import { SpooledSink } from './delivery/spooled-sink.js';
import { VerifiedSettings } from './readiness/verified-settings.js';
import { allowAnyone, liveAuthenticator } from './http/routes/authentication.js';
import type { BodyLimits } from './http/server/body-reader.js';
import { trustedProxies } from './http/client/trusted-proxies.js';
import { raiseHeadLimit } from './http/connections/head-limit.js';
import { ByteBudget } from './http/server/byte-budget.js';
import { HttpServer } from './http/server/http-server.js';
import { certificateReload } from './http/server/tls-files.js';
import { ingressRoutes } from './http/routes/ingress-routes.js';
import type { MetricsPage } from './http/routes/status-routes.js';
import { loadUws } from './http/server/uws-loader.js';
import type { IngressMetrics } from './ingress-metrics.js';
import { startRescueIfEnabled } from './rescue/start-rescue.js';
import { ingressSecretReloads, spoolDir, tlsFiles, type IngressSettings } from './settings.js';
import { nodeFs } from './spool/file-system.js';
import { createWebhookReceiver } from './webhook/receive-webhook.js';

/** Memory for bodies that are incomplete or not durable yet. */
const MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024;

/** Time for a whole body. Shorter than the idle timeout of uWebSockets.js (10 s), which closes the connection without an answer. */
const BODY_TIMEOUT_MS = 8_000;

/** Time for requests on open connections after the port is closed. More than a round trip. */
const LAST_REQUESTS_MS = 500;

export type IngressDeps = {
  readonly settings: IngressSettings;
  readonly logger: Logger;
  /** This worker's number, from 1. */
  readonly worker: number;
  readonly metrics: IngressMetrics;
  readonly metricsPage: () => Promise<MetricsPage>;
};

/**
 * Starts the ingress. It listens at once and spools events until Kafka, topics and schemas are ready.
 *
 * @throws UwsUnavailableError, ListenError: print the message and exit.
 */
export async function startIngress(deps: IngressDeps): Promise<RunningProgram> {
  const { settings, logger, worker, metrics, metricsPage } = deps;
  raiseHeadLimit(settings.INGRESS_MAX_HEAD_BYTES);
  const uws = loadUws();
  const topics = topicNames(settings.TOPIC_PREFIX);
  const kafkaTls = new KafkaTlsFiles(settings);
  const kafka = createKafka(settings, 'ingress', logger, kafkaTls);
  const spool = {
    fs: nodeFs,
    root: spoolDir(settings),
    worker,
    workers: settings.INGRESS_WORKERS,
    maxBytes: Math.floor(settings.INGRESS_SPOOL_MAX_BYTES / settings.INGRESS_WORKERS),
    logger,
  };
  const {
    INGRESS_LINGER_MS: lingerMs,
    INGRESS_ACK_TIMEOUT_MS: ackTimeoutMs,
    INGRESS_READY_TIMEOUT_MS: readyTimeoutMs,
    KAFKA_COMPRESSION: compression,
  } = settings;
  const verified = new VerifiedSettings(join(spool.root, 'kafka-settings.json'), kafkaAccess(settings, kafkaTls));
  const sink = new SpooledSink(
    { topics, compression, lingerMs, ackTimeoutMs, readyTimeoutMs, spool },
    { kafka, logger, observer: metrics, verified },
  );
  await sink.openSpool();
  const budget = new ByteBudget(Math.max(MAX_BYTES_IN_FLIGHT, 2 * settings.INGRESS_MAX_BODY_BYTES));
  const isOpenToAnyone = settings.INGRESS_TOKENS.length === 0;
  const preparation = prepareDelivery({ settings, kafka, topics, spoolRoot: spool.root, logger, sink });
  const readinessFault = () => (server.isRetiring ? 'stopping' : sink.readinessFault());
  const tls = tlsFiles(settings);
  const reloader = new FileReloader(
    [
      ...ingressSecretReloads(process.env, settings),
      ...kafkaTls.reloads,
      ...(tls ? [certificateReload(tls, () => server.replaceCertificate())] : []),
    ],
    logger,
  );
  const server: HttpServer = new HttpServer(
    uws,
    ingressRoutes({
      receive: createWebhookReceiver(sink, metrics),
      metrics,
      authenticate: isOpenToAnyone ? allowAnyone : liveAuthenticator(() => settings.INGRESS_TOKENS),
      authHeader: settings.INGRESS_AUTH_HEADER,
      isOpenToAnyone,
      limits: bodyLimits(settings.INGRESS_MAX_BODY_BYTES, sink, budget),
      readinessFault,
      dependencyFaults: preparation.faults,
      metricsPage,
    }),
    metrics,
    tls,
    {
      keepAlive: settings.INGRESS_KEEP_ALIVE,
      maxHeadBytes: settings.INGRESS_MAX_HEAD_BYTES,
      trustedProxies: trustedProxies(settings.INGRESS_TRUSTED_PROXIES),
    },
  );
  metrics.watch({
    requestsInFlight: () => server.requestsInFlight,
    openConnections: () => server.openConnections,
    bytesInFlight: () => budget.usedBytes,
    recordsPending: () => sink.pending(),
    ready: () => readinessFault() === undefined,
    partitionsUnavailable: sink.partitionsUnavailable,
    spool: sink.spoolState,
    dependencyFaults: preparation.faults,
  });
  await server.listen({
    host: settings.INGRESS_HOST,
    port: settings.INGRESS_PORT,
    isShared: settings.INGRESS_WORKERS > 1,
  });
  reloader.start();
  logger.info({ host: settings.INGRESS_HOST, port: settings.INGRESS_PORT }, 'ingress listening');
  await sink.start();
  preparation.start();
  const rescue = startRescueIfEnabled({ settings, worker, sink, registry: metrics.registry, logger });

  return {
    onReload: reloader.reload,
    stop: async () => {
      reloader.stop();
      const { INGRESS_SHUTDOWN_DELAY_MS: delayMs, INGRESS_DRAIN_MS: drainMs } = settings;
      server.retire();
      if (delayMs > 0) {
        logger.info(
          { delayMs },
          'ingress stopping: not ready any more, still serving until load balancers have noticed',
        );
        await sleep(systemClock, delayMs);
      }
      const { requestsInFlight, openConnections } = server;
      logger.info(
        { requestsInFlight, openConnections },
        'ingress stopping: port closed, answering the requests in flight',
      );
      server.drain();
      const cancelSpooling = systemClock.after(drainMs / 2, () => sink.spoolPending());
      await Promise.all([server.whenIdle(), rescue?.stop()]);
      // A request may be on its way on a connection that was accepted just before.
      await server.whenDisconnected(Math.min(LAST_REQUESTS_MS, drainMs / 4));
      await server.whenIdle();
      cancelSpooling();
      // Events whose senders have disconnected may still be pending.
      preparation.stop();
      await sink.close();
      server.close();
    },
  };
}

/** A body is refused if the setting or Kafka does not take it: a 202 for an event that Kafka never takes would lose it. */
function bodyLimits(settingBytes: number, sink: Pick<EventSink, 'maxBodyBytes'>, budget: ByteBudget): BodyLimits {
  return {
    get maxBodyBytes() {
      return Math.min(settingBytes, sink.maxBodyBytes());
    },
    budget,
    deadlines: new Deadlines(BODY_TIMEOUT_MS),
  };
}
