import type { Readable } from 'node:stream';

/** An object as the store describes it. */
export type ObjectInfo = {
  readonly key: string;
  readonly bytes: number;
  readonly contentType: string;
  /** User metadata; names in small letters, without S3's `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly lastModified: Date;
};

/** A file to put as an object. */
export type NewObject = {
  readonly key: string;
  /** Path of a file of exactly `bytes` bytes, more than none, that does not change meanwhile. */
  readonly file: string;
  readonly bytes: number;
  /** Lower-case hex; the store takes nothing else than bytes of this hash. */
  readonly sha256: string;
  readonly contentType: string;
  /** Values are printable ASCII. */
  readonly metadata: Readonly<Record<string, string>>;
};

/**
 * One bucket of an S3 store. All methods end soon after their signal is aborted, and whenever the store stops answering.
 *
 * @throws StoreUnavailableError of every method when the store is away, slow or in trouble: try again later.
 * @throws StoreRefusedError of every method when it refuses: an operator must act.
 */
export type ObjectStore = {
  /** Makes the bucket unless it is there; safe to call by several processes at once. Needs the right to list it. */
  ensureBucket(signal: AbortSignal): Promise<void>;

  /** Objects whose key begins with `prefix`, 16 at most, in the order of their keys. */
  findByPrefix(prefix: string, signal: AbortSignal): Promise<readonly ObjectInfo[]>;

  /** `undefined` when there is no such object. */
  stat(key: string, signal: AbortSignal): Promise<ObjectInfo | undefined>;

  /**
   * Puts a file as an object. All or nothing: a broken put leaves no object and no part of one.
   *
   * @param mode `replace: false` leaves an object that is there untouched and answers `exists`, also when both come at the same moment.
   */
  putFile(object: NewObject, mode: { readonly replace: boolean }, signal: AbortSignal): Promise<'stored' | 'exists'>;

  /** The object's bytes. @throws StoreRefusedError when there is no such object. */
  get(key: string, signal: AbortSignal): Promise<Readable>;

  /** Does nothing when there is no such object. */
  remove(key: string, signal: AbortSignal): Promise<void>;
};
