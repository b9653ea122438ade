/** How the store protects its objects. */
export type ObjectProtection = {
  /** Encryption at rest, with keys of the store or of a key service. */
  readonly encryption?: 'AES256' | 'aws:kms';
  /** Key of the key service. Default: the key of the bucket. */
  readonly kmsKeyId?: string;
  /** Object lock: for how long nobody can overwrite or remove an object (`COMPLIANCE`), or only users with a special right (`GOVERNANCE`). */
  readonly lock?: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly days: number };
};

const DAY_MS = 86_400_000;

/** Headers of a PUT. @param now start of the lock (ms since the epoch). */
export function protectionHeaders(
  { encryption, kmsKeyId, lock }: ObjectProtection,
  now: number,
): Record<string, string> {
  return {
    ...(encryption !== undefined && { 'x-amz-server-side-encryption': encryption }),
    ...(kmsKeyId !== undefined && { 'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyId }),
    ...(lock !== undefined && {
      'x-amz-object-lock-mode': lock.mode,
      'x-amz-object-lock-retain-until-date': new Date(now + lock.days * DAY_MS).toISOString(),
    }),
  };
}
