/** The newest state of a session; `null` is the tombstone of a forgotten one. */
export type ChangelogRecord = { readonly sessionId: string; readonly state: Buffer | null };
