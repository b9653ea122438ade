package peer.join;

import com.fasterxml.jackson.annotation.JsonInclude;

/** Outcome of a session's recording, as in the joined record. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public final class Recording {
    public String outcome;
    public String bucket;
    public String key;
    public Long bytes;
    public String sha256;
    public String contentType;
    public String archivedAt;
    public String reason;

    static Recording of(String outcome) {
        Recording recording = new Recording();
        recording.outcome = outcome;
        return recording;
    }

    /** From {@code recording.archived} or {@code recording.failed}. */
    static Recording settled(SessionEvent event) {
        if (event.event.equals("recording.failed")) {
            Recording failed = of("archive_failed");
            failed.reason = event.reason;
            return failed;
        }
        Recording archived = of("archived");
        archived.bucket = event.bucket;
        archived.key = event.key;
        archived.bytes = event.bytes;
        archived.sha256 = event.sha256;
        archived.contentType = event.contentType;
        archived.archivedAt = event.archivedAt;
        return archived;
    }

    /** An outcome only ever rises; among equal ones the first stays. */
    boolean supersedes(Recording current) {
        return current == null || rank() > current.rank();
    }

    private int rank() {
        return switch (outcome) {
            case "not_received" -> 0;
            case "not_expected", "provider_failed" -> 1;
            case "archive_failed" -> 2;
            default -> 3;
        };
    }
}
