import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { sleep, systemClock } from '../../infra/async/clock.js';

const POLL_MS = 2_000;

/**
 * A plain balancer: asks each ingress for `/readyz` every 2 s and sends requests to those that are ready, through a pool of connections.
 * It repeats nothing: a request that is lost behind it is answered 502.
 */
export class PollingProxy {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly ready = new Set<number>();
  private readonly stopped = new AbortController();
  private readonly server = createServer((incoming, outgoing) => this.forward(incoming, outgoing));
  private turn = 0;

  private constructor(private readonly ports: readonly number[]) {}

  /** Listens on a socket at `path`. */
  static async start(path: string, ports: readonly number[]): Promise<PollingProxy> {
    const proxy = new PollingProxy(ports);
    proxy.server.listen(path);
    await once(proxy.server, 'listening');
    await Promise.all(ports.map((port) => proxy.poll(port)));
    void proxy.pollForever();
    return proxy;
  }

  /** Whether all ingresses were ready when they were asked last. */
  get usesAll(): boolean {
    return this.ready.size === this.ports.length;
  }

  stop(): void {
    this.stopped.abort();
    this.server.closeAllConnections();
    this.server.close();
    this.agent.destroy();
  }

  private async pollForever(): Promise<void> {
    for (;;) {
      await sleep(systemClock, POLL_MS, this.stopped.signal);
      if (this.stopped.signal.aborted) return;
      await Promise.all(this.ports.map((port) => this.poll(port)));
    }
  }

  private async poll(port: number): Promise<void> {
    const isReady = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: this.stopped.signal }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.ok;
      },
      () => false,
    );
    if (isReady) this.ready.add(port);
    else this.ready.delete(port);
  }

  private forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const ports = [...this.ready];
    const port = ports[this.turn++ % ports.length];
    const { method, url, headers } = incoming;
    const fail = (): void => {
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end();
    };
    if (port === undefined) {
      fail();
      return;
    }
    const { connection: _hop, ...passed } = headers;
    const options = { host: '127.0.0.1', port, method, path: url, headers: passed, agent: this.agent };
    const forwarded = request(options, (response) => {
      const { connection: _theirs, 'keep-alive': _hint, ...back } = response.headers;
      outgoing.writeHead(response.statusCode ?? 502, back);
      response.pipe(outgoing);
    });
    forwarded.once('error', fail);
    incoming.pipe(forwarded);
  }
}
