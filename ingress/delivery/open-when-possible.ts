import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../infra/observability/logger.js';
import { failureOf } from '../spool/spool-failure.js';

/** The spool's folder cannot be made, read or written by this user: set INGRESS_SPOOL_DIR, or its permissions. */
export class SpoolUnusableError extends Error {
  override readonly name = 'SpoolUnusableError';
}

const RETRY_MS = 1_000;

/** What no time cures. */
const FOR_AN_OPERATOR = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EEXIST']);

/**
 * Opens once before it returns; where the disk is full or fails, again and again in the background.
 * @throws SpoolUnusableError when only an operator can help; whatever else `open` throws that is not of the file system.
 */
export async function openWhenPossible<T>(
  open: () => Promise<T>,
  logger: Logger,
  stopped: AbortSignal,
  onOpen: (opened: T) => void,
): Promise<void> {
  try {
    onOpen(await open());
    return;
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    if (FOR_AN_OPERATOR.has(code)) {
      throw new SpoolUnusableError(`the folder of the spool cannot be used (INGRESS_SPOOL_DIR): ${String(error)}`);
    }
    logger.error({ err: error, failure: failureOf(error) }, 'there is no spool until its disk is well again');
  }
  void (async () => {
    while (!stopped.aborted) {
      await delay(RETRY_MS, undefined, { ref: false });
      try {
        onOpen(await open());
        logger.info('the spool is open');
        return;
      } catch (err) {
        logger.debug({ err }, 'there is still no spool');
      }
    }
  })();
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
