/**
 * A record was not acknowledged in time: it may be in the log, may still arrive there, or never will.
 * Store it elsewhere or send it again; readers of the log must tolerate duplicates.
 */
export class NotAcknowledgedError extends Error {
  override readonly name = 'NotAcknowledgedError';
}

/** The broker always rejects this record (too large, invalid). Do not send it again. */
export class RecordRefusedError extends Error {
  override readonly name = 'RecordRefusedError';
}
