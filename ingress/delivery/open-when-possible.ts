import type { Clock } from '../../infra/async/clock.js';
import type { Logger } from '../../infra/observability/logger.js';
import { retryDisk } from '../spool/disk-retry.js';
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
 * Opens the spool. Resolves after the first attempt; if the disk is full or fails, retries in the background.
 *
 * @throws SpoolUnusableError when only an operator can help. Errors of the first attempt that are not of the file system are passed on.
 */
export async function openWhenPossible<T>(deps: OpenSpoolDeps<T>): Promise<void> {
  const { root, open, onOpen, logger } = deps;
  let opened: T;
  try {
    opened = await open();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    if (PERMANENT_CODES.has(code)) {
      throw new SpoolUnusableError(`cannot use the spool folder ${root} (INGRESS_SPOOL_DIR): ${String(error)}`);
    }
    logger.error({ err: error, dir: root, failure: failureOf(error) }, 'spool unavailable: disk failed, retrying');
    void keepOpening(deps);
    return;
  }
  onOpen(opened);
}

async function keepOpening<T>({ root, open, onOpen, logger, clock, stopped }: OpenSpoolDeps<T>): Promise<void> {
  const opened = await retryDisk(open, {
    clock,
    stopped,
    onFailure: (err, retryMs) => logger.debug({ err, dir: root, retryMs }, 'spool still unavailable, retrying'),
  });
  if (opened === undefined) return;
  logger.info({ dir: root }, 'spool available');
  onOpen(opened);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
