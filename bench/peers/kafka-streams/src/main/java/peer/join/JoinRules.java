package peer.join;

/** How long the join waits, in milliseconds of log time. */
public record JoinRules(long recordingGraceMs, long finalizeTimeoutMs, long retentionMs, long linkLifetimeMs) {}
