import type { ReadyProcess } from '../../../dev/local-stack/process/supervised-process.js';
import type { BenchSite } from '../../site/bench-site.js';

/** A prepared run of a contender: its output topics exist and are empty. */
export type JoinRun = {
  /** Consumer group on the input topic. */
  readonly groupId: string;
  /** Prefix of the topics it writes to; the rest of their names is the same as ours. */
  readonly outputPrefix: string;
  /**
   * Starts a process, without waiting for it to be ready. Called again after it has exited, it continues where the last one stopped.
   * With our join it may also be called while one runs: the processes then share the partitions.
   */
  readonly start: () => Promise<ReadyProcess>;
  /** Removes the run's files and, if it has topics of its own, those too. */
  readonly cleanUp: () => Promise<void>;
};

/** A join to measure: ours, or one that a user would write instead. */
export type JoinContender = {
  readonly name: string;
  /** Number of processes that share the catch-up; 1 by default. */
  readonly processes?: number;
  /** @param inputPrefix prefix of the input topic, `<inputPrefix>session.events`, which stays as it is. */
  readonly prepare: (site: BenchSite, inputPrefix: string) => Promise<JoinRun>;
};
