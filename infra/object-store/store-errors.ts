/** The store does not answer, or not well: try again later. */
export class StoreUnavailableError extends Error {
  override readonly name: string = 'StoreUnavailableError';
}

/** The bytes that arrived were not those announced: broken on the way, or in the file. */
export class BrokenBodyError extends StoreUnavailableError {
  override readonly name: string = 'BrokenBodyError';
}

/** The store refuses what we ask for: an operator must change rights or settings. Trying again helps only then. */
export class StoreRefusedError extends Error {
  override readonly name: string = 'StoreRefusedError';
}

/** There is no such bucket, or not any more: make it, then try again. */
export class BucketMissingError extends StoreRefusedError {
  override readonly name: string = 'BucketMissingError';
}
