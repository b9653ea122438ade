/**
 * A record was not acknowledged in time: it may be in the log, may still arrive there, or never will.
 * Keep it elsewhere, or send it again; who reads the log must bear duplicates.
 */
export class NotAcknowledgedError extends Error {
  override readonly name = 'NotAcknowledgedError';
}

/** The broker refuses this record for ever (too large, invalid). Do not send it again. */
export class RecordRefusedError extends Error {
  override readonly name = 'RecordRefusedError';
}
