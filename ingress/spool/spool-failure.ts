/** Why the spool did not take a record. `full`: the limit or the disk; `io`: the disk fails; `slow`: it does not answer; `closed`: not open (yet). */
export type SpoolFailure = 'full' | 'io' | 'slow' | 'closed';

/** What an error of the file system means for the spool. */
export function failureOf(error: unknown): SpoolFailure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' ? 'full' : 'io';
}
