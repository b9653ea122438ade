import type { JoinContender, JoinRun } from '../join/contenders/contender.js';
import { startJoin } from '../join/contenders/start-join.js';
import { cpuMs } from '../../lab/process-usage.js';
import type { BenchSite } from '../site/bench-site.js';
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

/** Starts a join that holds nothing yet. */
export async function startOpenJoin(site: BenchSite, contender: JoinContender, prefix: string): Promise<OpenJoin> {
  const { run, process, cleanUp } = await startJoin(site, contender, prefix);
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
    cleanUp,
  };
}
