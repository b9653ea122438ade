/** The keys that sign requests to an object store. */
export type ObjectStoreKeys = {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Of temporary keys only. */
  readonly sessionToken?: string;
};
