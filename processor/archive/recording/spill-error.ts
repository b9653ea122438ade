/** The local disk did not write or read a spill file. Its content is unknown: reset or remove the file. */
export class SpillError extends Error {
  override readonly name = 'SpillError';

  /** @param code of the file system: `ENOSPC`. */
  constructor(
    readonly code: string,
    options: ErrorOptions,
  ) {
    super(`spill file failed: ${code}`, options);
  }
}
