import type { JoinContender, JoinRun } from '../join/contenders/contender.js';
import { startJoin } from '../join/contenders/start-join.js';
import { cpuMs } from '../../lab/process-usage.js';
import type { BenchSite } from '../site/bench-site.js';
import { OpenLoad } from './open-load.js';

/** A running join, with sessions that are not finalized. */
export type OpenJoin = {
  readonly run: JoinRun;
  readonly pid: number;
  /** Opens sessions until this many are open. */
  readonly open: (sessions: number) => Promise<void>;
  /** Sends events of open sessions. @returns user and system time for each of them, in µs. */
  readonly cost: (events: number) => Promise<number>;
  readonly stop: () => Promise<void>;
  /** Removes its topics. Call it after `stop`. */
  readonly cleanUp: () => Promise<void>;
};

/** Starts a join without sessions. */
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
