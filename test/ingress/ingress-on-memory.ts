import { createAuthenticator } from '../../ingress/http/routes/authentication.js';
import { ByteBudget } from '../../ingress/http/server/byte-budget.js';
import type { Clock } from '../../infra/async/clock.js';
import { Deadlines } from '../../infra/async/deadlines.js';
import { trustedProxies } from '../../ingress/http/client/trusted-proxies.js';
import { raiseHeadLimit } from '../../ingress/http/connections/head-limit.js';
import type { KeepAliveMode } from '../../ingress/http/connections/keep-alive.js';
import { HttpServer } from '../../ingress/http/server/http-server.js';
import { ingressRoutes } from '../../ingress/http/routes/ingress-routes.js';
import type { TlsFiles } from '../../ingress/http/server/tls-files.js';
import { loadUws } from '../../ingress/http/server/uws-loader.js';
import { IngressMetrics } from '../../ingress/ingress-metrics.js';
import { createWebhookReceiver } from '../../ingress/webhook/receive-webhook.js';
import { MemorySink } from './memory-sink.js';
import { RawConnection } from './http/raw-connection.js';

export const TOKEN = 'right-token';
export const MAX_BODY_BYTES = 100_000;
export const MAX_HEAD_BYTES = 16_384;

/** Long enough that a busy machine never exceeds it. */
const NO_TIMEOUT_MS = 600_000;

export type IngressOnMemory = {
  readonly port: number;
  readonly url: string;
  readonly server: HttpServer;
  readonly sink: MemorySink;
  readonly metrics: IngressMetrics;
  readonly budget: ByteBudget;
  /** Opens a raw connection, which is closed with the server. */
  readonly connect: () => Promise<RawConnection>;
  readonly close: () => void;
};

/** The HTTP side of the ingress on real sockets, with an event sink in memory. */
export async function startIngressOnMemory(
  options: {
    bodyTimeoutMs?: number;
    budgetBytes?: number;
    tls?: TlsFiles;
    /** Default: always. */
    keepAlive?: KeepAliveMode;
    trustedProxies?: readonly string[];
    clock?: Clock;
    /** A token beside the usual ones. */
    token?: string;
  } = {},
): Promise<IngressOnMemory> {
  const sink = new MemorySink();
  const metrics = new IngressMetrics();
  const budget = new ByteBudget(options.budgetBytes ?? 10_000_000);
  const deadlines = new Deadlines(options.bodyTimeoutMs ?? NO_TIMEOUT_MS);
  const connections: RawConnection[] = [];
  const routes = ingressRoutes({
    receive: createWebhookReceiver(sink, metrics),
    metrics,
    authenticate: createAuthenticator(['other-token', TOKEN, ...(options.token ? [options.token] : [])]),
    authHeader: 'authorization',
    isOpenToAnyone: false,
    limits: {
      get maxBodyBytes() {
        return Math.min(MAX_BODY_BYTES, sink.maxBodyBytes());
      },
      budget,
      deadlines,
    },
    readinessFault: () => (server.isRetiring ? 'stopping' : sink.readinessFault()),
    dependencyFaults: () => ({ kafka: sink.readinessFault() }),
    metricsPage: async () => ({ contentType: metrics.registry.contentType, text: await metrics.registry.metrics() }),
  });
  raiseHeadLimit(MAX_HEAD_BYTES);
  const server: HttpServer = new HttpServer(loadUws(), routes, metrics, options.tls, {
    keepAlive: options.keepAlive ?? 'always',
    maxHeadBytes: MAX_HEAD_BYTES,
    trustedProxies: trustedProxies(options.trustedProxies ?? []),
    ...(options.clock && { clock: options.clock }),
  });
  const port = await server.listen({ host: '127.0.0.1', port: 0, isShared: false });
  return {
    port,
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    server,
    sink,
    metrics,
    budget,
    connect: async () => {
      const connection = await RawConnection.open(port);
      connections.push(connection);
      return connection;
    },
    close: () => {
      for (const connection of connections) connection.destroy();
      deadlines.clear();
      server.close();
    },
  };
}

/** Reads one counter or gauge; 0 if it has no value yet. */
export async function metric(metrics: IngressMetrics, series: string): Promise<number> {
  const line = (await metrics.registry.metrics()).split('\n').find((text) => text.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}
