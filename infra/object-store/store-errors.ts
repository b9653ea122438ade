/** The store is unreachable, too slow or overloaded: try again later. */
export class StoreUnavailableError extends Error {
  override readonly name: string = 'StoreUnavailableError';
}

/** The store received other bytes than announced: they changed on the way or in the file. */
export class BrokenBodyError extends StoreUnavailableError {
  override readonly name: string = 'BrokenBodyError';
}

/** The store refuses the request: an operator must change rights or settings before it can succeed. */
export class StoreRefusedError extends Error {
  override readonly name: string = 'StoreRefusedError';
}

/** The bucket does not exist, or no longer: create it, then try again. */
export class BucketMissingError extends StoreRefusedError {
  override readonly name: string = 'BucketMissingError';
}
