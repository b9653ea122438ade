/** How the store is to guard what it holds. */
export type ObjectProtection = {
  /** Encryption at rest: with the store's own keys, or with one of a key service. */
  readonly encryption?: 'AES256' | 'aws:kms';
  /** Of the key service; without it the bucket's default key is taken. */
  readonly kmsKeyId?: string;
  /** Object lock: for so long nobody can overwrite or remove an object (`COMPLIANCE`), or only who has the right to (`GOVERNANCE`). */
  readonly lock?: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly days: number };
};

const DAY_MS = 86_400_000;

/** Headers of a PUT. @param now ms since the epoch: the lock counts from there. */
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
