import type { Clock } from '../../infra/async/clock.js';
import type { Logger } from '../../infra/observability/logger.js';
import { retryDisk } from '../spool/disk-retry.js';
import { spoolFaultOf } from '../spool/spool-fault.js';

export type OpenSpoolDeps<T> = {
  /** The spool's folder, for messages. */
  readonly root: string;
  readonly open: () => Promise<T>;
  readonly onOpen: (opened: T) => void;
  /** Called after each failed attempt with the reason. */
  readonly onFault: (fault: string) => void;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Ends the retries. */
  readonly stopped: AbortSignal;
};

/**
 * Opens the spool. Resolves after the first attempt. If it failed, for whatever reason, retries in the background until it succeeds:
 * meanwhile Kafka is the only place for events. Logs each reason once, with what to do.
 */
export function openWhenPossible<T>(deps: OpenSpoolDeps<T>): Promise<void> {
  const { root, open, onOpen, onFault, logger, clock, stopped } = deps;
  let reported: string | undefined;
  return new Promise((resolve) => {
    const onFailure = (err: unknown, retryMs: number): void => {
      const { fault, fix } = spoolFaultOf(err);
      const level = fault === reported ? 'debug' : 'error';
      logger[level](
        { dir: root, fault, fix, retryMs, err },
        'spool unavailable: events can only go to Kafka until it opens, retrying',
      );
      reported = fault;
      onFault(fault);
      resolve();
    };
    void retryDisk(open, { clock, stopped, onFailure }).then((opened) => {
      if (opened !== undefined) {
        if (reported !== undefined) logger.info({ dir: root }, 'spool available');
        onOpen(opened);
      }
      resolve();
    });
  });
}
