package peer.join;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;

/** State of one session. Times are in milliseconds of log time. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public final class SessionState {
    public enum Phase { OPEN, GIVEN_UP, AWAITING_RECORDING, COMPLETED }

    public Phase phase;
    /** Start of the phase; for an open session the time of its first event. */
    public long since;
    public Long firstEventAt;
    public Timeline timeline;
    public Recording recording;
    /** Expiry of the last link that is being archived. */
    public Long linkDiesAt;
    public String projectId;
    public String currentNodeId;
    public Integer messagesCount;
    public JsonNode extractedVariables;
    public SessionComplete.Call call;
    /** Kept only while a recording could still amend it. */
    public SessionComplete latest;

    static SessionState open(long now) {
        SessionState state = new SessionState();
        state.phase = Phase.OPEN;
        state.since = now;
        state.firstEventAt = now;
        state.timeline = new Timeline();
        return state;
    }

    static SessionState completed(long now, SessionComplete latest) {
        SessionState state = new SessionState();
        state.phase = Phase.COMPLETED;
        state.since = now;
        state.latest = latest.isFinal() ? null : latest;
        return state;
    }

    /** When the session's one timer is due. */
    long dueAt(JoinRules rules) {
        return switch (phase) {
            case OPEN -> since + rules.finalizeTimeoutMs();
            case AWAITING_RECORDING -> Math.max(since + rules.recordingGraceMs(), linkDiesAt == null ? 0 : linkDiesAt);
            case GIVEN_UP, COMPLETED -> since + rules.retentionMs();
        };
    }
}
