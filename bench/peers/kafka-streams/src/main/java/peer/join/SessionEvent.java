package peer.join;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.JsonNode;

/** A value of {@code session.events}: the fields of all kinds of event; absent ones are null. Recording links are dropped. */
@JsonIgnoreProperties(ignoreUnknown = true)
public final class SessionEvent {
    public String event;
    public String sessionId;
    public String timestamp;
    public String projectId;
    public String currentNodeId;
    public Integer messagesCount;
    public JsonNode extractedVariables;
    public String callStatus;
    public Number callDuration;
    public Boolean success;
    public String bucket;
    public String key;
    public Long bytes;
    public String sha256;
    public String contentType;
    public String archivedAt;
    public String reason;

    /** Whether all fields that its kind requires are present. */
    boolean isComplete() {
        if (event == null || sessionId == null || timestamp == null) return false;
        return switch (event) {
            case "session.ended" -> hasConversation();
            case "call.ended" -> projectId != null && callStatus != null && callDuration != null;
            case "session.finalized" -> projectId != null && hasConversation() && (callStatus == null) == (callDuration == null);
            case "recording.ready" -> projectId != null && success != null;
            case "recording.archived" -> bucket != null && key != null && bytes != null && sha256 != null
                && contentType != null && archivedAt != null;
            case "recording.failed" -> reason != null;
            default -> false;
        };
    }

    private boolean hasConversation() {
        return currentNodeId != null && messagesCount != null && extractedVariables != null && extractedVariables.isObject();
    }
}
