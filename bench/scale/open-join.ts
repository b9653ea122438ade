import type { JoinContender, JoinRun } from '../join/contender.js';
import { cpuMs } from '../measure/process-usage.js';
import type { BenchSite } from '../site/bench-site.js';
import { deleteTopics, freshTopics } from '../site/fresh-topics.js';
import { OpenLoad } from './open-load.js';

/** A join with sessions that have begun and are not finalized. */
export type OpenJoin = {
  readonly run: JoinRun;
  readonly pid: number;
  /** Opens sessions until so many are open. */
  readonly open: (sessions: number) => Promise<void>;
  /** User and system time for each of so many events of open sessions, in µs. */
  readonly cost: (events: number) => Promise<number>;
  readonly stop: () => Promise<void>;
  /** Removes its topics, once it is stopped. */
  readonly cleanUp: () => Promise<void>;
};

/** Starts a join on topics of its own. */
export async function startJoin(site: BenchSite, contender: JoinContender, prefix: string): Promise<OpenJoin> {
  await freshTopics(site.kafka, prefix);
  const run = await contender.prepare(site, prefix);
  const process = await run.start();
  try {
    await process.waitReady();
  } catch (error) {
    await process.stop();
    throw error;
  }
  const pid = await process.pid;
  const load = new OpenLoad(site, prefix, run.groupId);
  return {
    run,
    pid,
    open: (sessions) => load.open(process, sessions),
    cost: async (events) => {
      const before = cpuMs(pid);
      await load.repeat(process, events);
      return ((cpuMs(pid) - before) * 1000) / events;
    },
    stop: async () => {
      await process.stop();
    },
    cleanUp: async () => {
      await run.cleanUp();
      await deleteTopics(site.kafka, prefix);
    },
  };
}
