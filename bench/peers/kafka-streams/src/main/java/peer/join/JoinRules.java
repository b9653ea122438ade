package peer.join;

/** Times of the join, in milliseconds of log time. */
public record JoinRules(long recordingGraceMs, long finalizeTimeoutMs, long retentionMs, long linkLifetimeMs) {}
