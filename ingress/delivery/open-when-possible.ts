import { Backoff } from '../../infra/async/backoff.js';
import { sleep, type Clock } from '../../infra/async/clock.js';
import type { Logger } from '../../infra/observability/logger.js';
import { DISK_RETRY } from '../spool/disk-health.js';
import { failureOf } from '../spool/spool-failure.js';

/** This user cannot create, read or write the spool's folder: change INGRESS_SPOOL_DIR or the folder's permissions. */
export class SpoolUnusableError extends Error {
  override readonly name = 'SpoolUnusableError';
}

/** Errors that only an operator can fix. */
const PERMANENT_CODES = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EEXIST']);

export type OpenSpoolDeps<T> = {
  /** The spool's folder, for messages. */
  readonly root: string;
  readonly open: () => Promise<T>;
  readonly onOpen: (opened: T) => void;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Ends the retries. */
  readonly stopped: AbortSignal;
};

/**
 * Opens the spool. The first attempt is awaited; if the disk is full or fails, retries in the background.
 *
 * @throws SpoolUnusableError when only an operator can help. Errors of `open` that are not of the file system are passed on.
 */
export async function openWhenPossible<T>(deps: OpenSpoolDeps<T>): Promise<void> {
  const { root, open, onOpen, logger } = deps;
  try {
    onOpen(await open());
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    if (PERMANENT_CODES.has(code)) {
      throw new SpoolUnusableError(`cannot use the spool folder ${root} (INGRESS_SPOOL_DIR): ${String(error)}`);
    }
    logger.error({ err: error, dir: root, failure: failureOf(error) }, 'spool unavailable: disk failed, retrying');
    void keepOpening(deps);
  }
}

async function keepOpening<T>({ root, open, onOpen, logger, clock, stopped }: OpenSpoolDeps<T>): Promise<void> {
  const backoff = new Backoff(DISK_RETRY);
  for (;;) {
    await sleep(clock, backoff.nextMs(), stopped);
    if (stopped.aborted) return;
    try {
      onOpen(await open());
      logger.info({ dir: root }, 'spool available');
      return;
    } catch (err) {
      logger.debug({ err, dir: root }, 'spool still unavailable, retrying');
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
