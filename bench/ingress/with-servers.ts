import { LoadGenerator } from '../load/load-generator.js';
import type { BenchSite } from '../site/bench-site.js';
import type { Contender } from './contenders.js';
import { ServerLane } from './server-under-load.js';

/** Opens a lane for a server; all lanes are closed when the work is over. Default: one generator. */
export type OpenLane = (contender: Contender, generators?: number) => Promise<ServerLane>;

/** Lends load generators, which all lanes share, and lanes. What was started has ended when this resolves. */
export async function onServers<T>(site: BenchSite, work: (open: OpenLane) => Promise<T>): Promise<T> {
  const generators: LoadGenerator[] = [];
  const lanes: ServerLane[] = [];
  try {
    return await work(async (contender, count = 1) => {
      while (generators.length < count) generators.push(new LoadGenerator());
      const lane = await ServerLane.open(site, contender, generators.slice(0, count));
      lanes.push(lane);
      return lane;
    });
  } finally {
    await Promise.all([...lanes.map((lane) => lane.close()), ...generators.map((generator) => generator.stop())]);
  }
}
