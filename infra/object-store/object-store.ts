import type { Readable } from 'node:stream';

/** An object as the store describes it. */
export type ObjectInfo = {
  readonly key: string;
  readonly bytes: number;
  readonly contentType: string;
  /** User metadata; names in lower case, without the `x-amz-meta-` of S3. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly lastModified: Date;
};

/** A file to store as an object. */
export type NewObject = {
  readonly key: string;
  /** Path of a file of exactly `bytes` bytes, at least one, that does not change meanwhile. */
  readonly file: string;
  readonly bytes: number;
  /** Lower-case hex. The store accepts only bytes with this hash. */
  readonly sha256: string;
  readonly contentType: string;
  /** Values are printable ASCII. */
  readonly metadata: Readonly<Record<string, string>>;
};

/**
 * One bucket of an S3 store. Every method ends soon after its signal is aborted, and when the store stops answering.
 *
 * @throws StoreUnavailableError by every method when the store is unreachable, too slow or overloaded: try again later.
 * @throws StoreRefusedError by every method when the store refuses the request: an operator must act.
 */
export type ObjectStore = {
  /** Creates the bucket unless it exists; safe to call by several processes at once. Needs the right to list the bucket. */
  ensureBucket(signal: AbortSignal): Promise<void>;

  /** Up to 16 objects whose key begins with `prefix`, in the order of their keys. */
  findByPrefix(prefix: string, signal: AbortSignal): Promise<readonly ObjectInfo[]>;

  /** `undefined` when the object does not exist. */
  stat(key: string, signal: AbortSignal): Promise<ObjectInfo | undefined>;

  /**
   * Stores a file as an object. All or nothing: a failed call leaves no object and no part of one.
   *
   * @param mode `replace: false` keeps an existing object and returns `exists`, also when two calls for one key overlap.
   */
  putFile(object: NewObject, mode: { readonly replace: boolean }, signal: AbortSignal): Promise<'stored' | 'exists'>;

  /** The bytes of an object. @throws StoreRefusedError when it does not exist. */
  get(key: string, signal: AbortSignal): Promise<Readable>;
};
