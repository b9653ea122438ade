import { stat, statfs } from 'node:fs/promises';

/** Free space that the rescue leaves on its disk in any case. */
const SPARE_BYTES = 64 * 1024 * 1024;

export type SpillLimitOptions = {
  readonly spillRoot: string;
  readonly spoolRoot: string;
  /** Limit of the rescue's files. */
  readonly maxBytes: number;
  /** Limit of the spool's files. */
  readonly spoolMaxBytes: number;
};

/**
 * How many bytes the files of the rescue may have in total: never so many that the spool runs out of disk space.
 *
 * @param used bytes of these files and of the spool's files now.
 * @throws Error of the file system.
 */
export async function spillLimit(
  { spillRoot, spoolRoot, maxBytes, spoolMaxBytes }: SpillLimitOptions,
  used: { readonly spill: number; readonly spool: number },
): Promise<number> {
  const { bavail, bsize } = await statfs(spillRoot);
  const [spill, spool] = await Promise.all([stat(spillRoot), stat(spoolRoot)]);
  const forSpool = spill.dev === spool.dev ? Math.max(0, spoolMaxBytes - used.spool) : 0;
  return Math.min(maxBytes, used.spill + bavail * bsize - SPARE_BYTES - forSpool);
}
