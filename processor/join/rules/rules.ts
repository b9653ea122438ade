/** Waiting and retention times of the join, all in milliseconds of log time (LogAppendTime). See `docs/join-rules.md`. */
export type JoinRules = {
  /** Time for a call's recording to settle after `session.finalized`; then the session completes as `not_received` (rule 3). */
  readonly recordingGraceMs: number;
  /** Time for `session.finalized` to arrive after the first event; then the session is reported as incomplete, once (rule 6). */
  readonly finalizeTimeoutMs: number;
  /** Time for which a session is remembered after it completed or was given up (rule 8). */
  readonly retentionMs: number;
  /** Lifetime of a recording's link, from `recording.ready`. The join waits for the archive that long, beyond the grace (rule 3). */
  readonly linkLifetimeMs: number;
};
