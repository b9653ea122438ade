import { systemClock, type Clock } from '../../../infra/async/clock.js';
import type { IngressMetrics } from '../../ingress-metrics.js';
import { clientAddress } from '../client/client-address.js';
import { RequestHead } from '../client/request-head.js';
import { trustedProxies, type TrustedProxies } from '../client/trusted-proxies.js';
import { createKeepAlive, type KeepAlive, type KeepAliveMode } from '../connections/keep-alive.js';
import { OpenConnections } from '../connections/open-connections.js';
import type { Answer } from './answer.js';
import { CertificateRenewals } from './certificate-renewals.js';
import { Exchange } from './exchange.js';
import { judgeFraming } from './framing.js';
import type { Route } from './route.js';
import { badFraming, headTooLarge, methodNotAllowed, NOT_FOUND } from './routing-answers.js';
import type { TlsFiles } from './tls-files.js';
import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket, UwsModule } from './uws-loader.js';

/** The port is in use, or this user may not listen on it: choose another. */
export class ListenError extends Error {
  override readonly name = 'ListenError';

  constructor(host: string, port: number, options?: ErrorOptions) {
    super(`cannot listen on ${host} port ${port}: the port is in use, or the address is not of this machine`, options);
  }
}

/** Routes by path. `GET` includes HEAD. */
export type RouteTable = Readonly<Record<string, { readonly method: 'GET' | 'POST'; readonly route: Route }>>;

export type ListenOptions = {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Whether other processes may share the port; the kernel distributes connections among them. */
  readonly isShared: boolean;
};

export type HttpServerOptions = {
  readonly keepAlive: KeepAliveMode;
  /** Limit of request line and header fields together. */
  readonly maxHeadBytes: number;
  readonly trustedProxies: TrustedProxies;
  readonly clock?: Clock;
};

const DEFAULTS: HttpServerOptions = { keepAlive: 'auto', maxHeadBytes: 16_384, trustedProxies: trustedProxies([]) };

/**
 * HTTP/1.1 on uWebSockets.js, with TLS if its files are given: routing, framing checks, and the life cycle
 * `listen` → `retire` (answers close their connections) → `drain` (no new connections) → `whenIdle` → `close`.
 */
export class HttpServer {
  /** Accepts all connections. Serves them too, until the certificate changes. */
  private readonly app: TemplatedApp;
  private readonly renewals: CertificateRenewals;
  private listenSocket: us_listen_socket | undefined;
  private inFlight = 0;
  private retiring = false;
  private readonly connections: OpenConnections;
  private readonly keepAlive: KeepAlive;
  private readonly clock: Clock;
  private readonly idleWaiters: (() => void)[] = [];

  constructor(
    private readonly uws: UwsModule,
    private readonly routes: RouteTable,
    private readonly metrics: IngressMetrics,
    private readonly tls?: TlsFiles,
    private readonly options: HttpServerOptions = DEFAULTS,
  ) {
    this.clock = options.clock ?? systemClock;
    this.connections = new OpenConnections(() => this.metrics.connectionWithoutRequest());
    this.keepAlive = createKeepAlive(options.keepAlive, this, this.clock);
    this.app = this.createApp();
    this.renewals = new CertificateRenewals(this.app);
  }

  /**
   * Reads certificate and key from their files again, for new connections. Open connections are not disturbed.
   * @throws Error if the files cannot be used; the previous certificate stays in use.
   */
  readonly replaceCertificate = (): void => this.renewals.serveWith(this.createApp());

  /**
   * Resolves to the port once connections are accepted.
   * @throws ListenError: print its message and exit.
   */
  listen({ host, port, isShared }: ListenOptions): Promise<number> {
    const LIBUS_LISTEN_EXCLUSIVE_PORT = 1;
    return new Promise((resolve, reject) => {
      // The types of the older build lack this overload.
      const app = this.app as unknown as {
        listen: (host: string, port: number, options: number, done: (socket: us_listen_socket | false) => void) => void;
      };
      app.listen(host, port, isShared ? 0 : LIBUS_LISTEN_EXCLUSIVE_PORT, (socket) => {
        if (socket === false) {
          reject(new ListenError(host, port));
          return;
        }
        this.listenSocket = socket;
        resolve(this.uws.us_socket_local_port(socket));
      });
    });
  }

  get requestsInFlight(): number {
    return this.inFlight;
  }

  get openConnections(): number {
    return this.connections.count;
  }

  get isRetiring(): boolean {
    return this.retiring;
  }

  /** Serves as before, but each answer closes its connection. */
  retire(): void {
    this.retiring = true;
  }

  /** Accepts no more connections. Requests on open connections are answered, and the connections then closed. */
  drain(): void {
    this.retire();
    if (this.listenSocket !== undefined) this.uws.us_listen_socket_close(this.listenSocket);
    this.listenSocket = undefined;
  }

  /** Resolves when every request is answered. */
  whenIdle(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  /** Resolves when no connection is open, at the latest after `timeoutMs`. */
  whenDisconnected(timeoutMs: number): Promise<void> {
    return this.connections.none(timeoutMs, this.clock);
  }

  /** Closes all connections, even those with requests in flight. */
  close(): void {
    this.drain();
    this.renewals.close();
    this.app.close();
  }

  private createApp(): TemplatedApp {
    const { uws, tls } = this;
    const app = tls ? uws.SSLApp({ cert_file_name: tls.certFile, key_file_name: tls.keyFile }) : uws.App();
    this.connections.watch(app);
    for (const [path, { method, route }] of Object.entries(this.routes)) {
      if (method === 'POST') app.post(path, this.handler(route));
      else app.get(path, this.handler(route)).head(path, this.handler(route));
      app.any(path, this.handler(always(methodNotAllowed(method === 'GET' ? 'GET, HEAD' : method))));
    }
    return app.any('/*', this.handler(always(NOT_FOUND)));
  }

  private handler(route: Route): (res: HttpResponse, req: HttpRequest) => void {
    const { trustedProxies: trusted, maxHeadBytes } = this.options;
    return (res, req) => {
      this.inFlight += 1;
      const method = req.getCaseSensitiveMethod();
      const keeps = this.keepAlive.onRequest(res);
      const exchange = new Exchange(res, method === 'HEAD', () => this.retiring || !keeps(), this.onOver);
      const head = new RequestHead(req);
      const framing = judgeFraming(head, method);
      if (headBytes(req, method, head) > maxHeadBytes) {
        this.metrics.rejected('head_too_large');
        exchange.answerAndClose(headTooLarge(maxHeadBytes));
        return;
      }
      switch (framing.kind) {
        case 'clear':
          if (framing.isLast) exchange.closeAfter();
          route({
            res,
            req,
            exchange,
            bodyBytes: framing.bodyBytes,
            clientAddress: () => clientAddress(peerAddress(res), head, trusted),
          });
          return;
        case 'faulty':
          this.metrics.rejected('framing');
          exchange.answerAndClose(badFraming(framing.detail));
      }
    };
  }

  private readonly onOver = (): void => {
    this.inFlight -= 1;
    if (this.inFlight === 0) for (const resolve of this.idleWaiters.splice(0)) resolve();
  };
}

function always(answer: Answer): Route {
  return ({ exchange, bodyBytes }) => exchange.answerUnread(answer, bodyBytes);
}

function peerAddress(res: HttpResponse): string {
  return Buffer.from(res.getRemoteAddressAsText()).toString('latin1');
}

/** The separators of the request line, its version, and the empty line after the fields. */
const HEAD_FRAMING_BYTES = 14;

function headBytes(req: HttpRequest, method: string, { fieldBytes }: RequestHead): number {
  // The types lack undefined, which is returned without a query.
  const query = req.getQuery() as string | undefined;
  return HEAD_FRAMING_BYTES + method.length + req.getUrl().length + (query?.length ?? -1) + 1 + fieldBytes;
}
