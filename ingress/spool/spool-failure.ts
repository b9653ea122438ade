/**
 * Why the spool did not accept a record. `full`: the limit or the disk is reached; `io`: the disk fails; `slow`: the disk does not
 * respond; `closed`: the spool is not open, or has another owner.
 */
export type SpoolFailure = 'full' | 'io' | 'slow' | 'closed';

/** Classifies an error of the file system. */
export function failureOf(error: unknown): SpoolFailure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' ? 'full' : 'io';
}
