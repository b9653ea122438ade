import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { Registry } from 'prom-client';

export type StatusProbes = {
  /** What keeps each part of the program from being ready; `undefined` where nothing does. */
  readonly faults: () => Readonly<Record<string, string | undefined>>;
  readonly metrics: Registry;
};

/**
 * Serves `/healthz` (200 while the process runs), `/readyz` (200 only when every part is ready; `?verbose` lists them all) and `/metrics`
 * (Prometheus text format).
 * @throws Error with code EADDRINUSE when the port is in use.
 */
export async function startStatusServer(host: string, port: number, probes: StatusProbes): Promise<Server> {
  const routes: Record<string, (query: string) => Promise<{ status: number; type: string; body: string }>> = {
    '/healthz': () => Promise.resolve(json(200, { status: 'ok' })),
    '/readyz': (query) => {
      const faults = Object.entries(probes.faults());
      const reason = faults.find(([, fault]) => fault !== undefined)?.[1];
      const checks = Object.fromEntries(faults.map(([part, fault]) => [part, fault ?? 'ok']));
      const details = new URLSearchParams(query).has('verbose') ? { checks } : {};
      return Promise.resolve(
        reason === undefined
          ? json(200, { status: 'ready', ...details })
          : json(503, { status: 'not ready', reason, ...details }),
      );
    },
    '/metrics': async () => ({ status: 200, type: probes.metrics.contentType, body: await probes.metrics.metrics() }),
  };
  const server = createServer((request, response) => {
    const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
    const route = routes[path];
    const answer =
      route === undefined
        ? Promise.resolve(json(404, { status: 'not found' }))
        : request.method === 'GET' || request.method === 'HEAD'
          ? route(query)
          : Promise.resolve(json(405, { status: 'method not allowed' }));
    void answer.then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type, ...(status === 405 ? { allow: 'GET, HEAD' } : {}) });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

function json(status: number, body: object) {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}
