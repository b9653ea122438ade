package peer.join;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;

/** The joined record. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public final class SessionComplete {
    public String sessionId;
    public String projectId;
    public int revision;
    public String channel;
    public String completedAt;
    public String currentNodeId;
    public Integer messagesCount;
    public JsonNode extractedVariables;
    public Call call;
    public Recording recording;
    public Timeline timeline;

    public record Call(String status, Number durationSeconds) {}

    /** Whether a recording that settles later could still change the outcome. */
    boolean isFinal() {
        return channel.equals("text") || recording.outcome.equals("archived");
    }
}
