import type { SupervisedProcess } from '../../../dev/local-stack/process/supervised-process.js';
import type { BenchSite } from '../../site/bench-site.js';
import { deleteTopics, freshTopics } from '../../site/fresh-topics.js';
import type { JoinContender, JoinRun } from './contender.js';

/** A running contender that is ready, on topics of its own. */
export type StartedJoin = {
  readonly run: JoinRun;
  readonly process: SupervisedProcess;
  /** Removes its topics and files. Call it after the process has exited. */
  readonly cleanUp: () => Promise<void>;
};

/** Starts a contender without state. @throws Error when it does not become ready; everything is cleaned up then. */
export async function startJoin(site: BenchSite, contender: JoinContender, prefix: string): Promise<StartedJoin> {
  await freshTopics(site.kafka, prefix);
  const run = await contender.prepare(site, prefix);
  const cleanUp = async (): Promise<void> => {
    await run.cleanUp();
    await deleteTopics(site.kafka, prefix);
  };
  const process = await run.start();
  try {
    await process.waitReady();
    return { run, process, cleanUp };
  } catch (error) {
    await process.stop();
    await cleanUp();
    throw error;
  }
}
