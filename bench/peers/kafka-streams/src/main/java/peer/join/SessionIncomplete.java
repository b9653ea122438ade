package peer.join;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;

/** A session that was not finalized in time, with everything known about it. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SessionIncomplete(
    String sessionId,
    String projectId,
    String firstEventAt,
    String incompleteAt,
    String currentNodeId,
    Integer messagesCount,
    JsonNode extractedVariables,
    SessionComplete.Call call,
    Recording recording,
    Timeline timeline) {}
