import type { ReadyProcess } from '../../../dev/local-stack/process/supervised-process.js';
import type { BenchSite } from '../../site/bench-site.js';

/** One run of a contender, made ready: its output topics are there, and empty. */
export type JoinRun = {
  /** Its consumer group on the input. */
  readonly groupId: string;
  /** Of the topics that it writes to; named as ours behind it. */
  readonly outputPrefix: string;
  /**
   * Starts the process; returns at once. May be called again after it has ended: then it goes on where it was. Ours also while it
   * runs: then they share the partitions.
   */
  readonly start: () => Promise<ReadyProcess>;
  /** Removes what the run left on disk and, where it has topics of its own, in Kafka. */
  readonly cleanUp: () => Promise<void>;
};

/** A join to measure: ours, or one that a user would write instead. */
export type JoinContender = {
  readonly name: string;
  /** So many of its processes share the catch-up; default 1. */
  readonly processes?: number;
  /** @param inputPrefix of the topics; `<inputPrefix>session.events` is the input, and is not touched. */
  readonly prepare: (site: BenchSite, inputPrefix: string) => Promise<JoinRun>;
};
