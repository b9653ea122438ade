import { LoadGenerator } from '../load/load-generator.js';
import type { BenchSite } from '../site/bench-site.js';
import type { Contender } from './contenders.js';
import { ServerUnderLoad } from './server-under-load.js';

/** Starts a server, which stops when the work is over. @param generators number of load generators, by default one. */
export type OpenServer = (contender: Contender, generators?: number) => Promise<ServerUnderLoad>;

/** Runs work with servers that share load generators. Everything that was started has stopped when this resolves. */
export async function withServers<T>(site: BenchSite, work: (open: OpenServer) => Promise<T>): Promise<T> {
  const generators: LoadGenerator[] = [];
  const servers: ServerUnderLoad[] = [];
  try {
    return await work(async (contender, count = 1) => {
      while (generators.length < count) generators.push(new LoadGenerator());
      const server = await ServerUnderLoad.open(site, contender, generators.slice(0, count));
      servers.push(server);
      return server;
    });
  } finally {
    await Promise.all([...servers.map((server) => server.close()), ...generators.map((generator) => generator.stop())]);
  }
}
