/** How long the join waits; all in milliseconds of log time (LogAppendTime). */
export type JoinRules = {
  /** A call's recording may settle this long after `session.finalized`; then the session completes as `not_received`. */
  readonly recordingGraceMs: number;
  /** A session whose `session.finalized` has not come this long after its first event is reported as incomplete, once. */
  readonly finalizeTimeoutMs: number;
  /** How long a session is remembered after it completed or was given up. */
  readonly retentionMs: number;
  /** How long an archive may take from `recording.ready` on: the link's life. The join waits for it beyond the grace. */
  readonly linkLifetimeMs: number;
};
