package peer.join;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.DateTimeException;
import java.time.OffsetDateTime;

/** The sender's timestamps; the earliest of all redeliveries counts. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public final class Timeline {
    public String sessionEnded;
    public String callEnded;
    public String sessionFinalized;
    public String recordingReady;

    boolean noteSessionEnded(String timestamp) {
        if (!isEarlier(timestamp, sessionEnded)) return false;
        sessionEnded = timestamp;
        return true;
    }

    boolean noteCallEnded(String timestamp) {
        if (!isEarlier(timestamp, callEnded)) return false;
        callEnded = timestamp;
        return true;
    }

    boolean noteSessionFinalized(String timestamp) {
        if (!isEarlier(timestamp, sessionFinalized)) return false;
        sessionFinalized = timestamp;
        return true;
    }

    boolean noteRecordingReady(String timestamp) {
        if (!isEarlier(timestamp, recordingReady)) return false;
        recordingReady = timestamp;
        return true;
    }

    private static boolean isEarlier(String timestamp, String known) {
        if (known == null) return true;
        if (known.equals(timestamp)) return false;
        long a = instant(timestamp);
        long b = instant(known);
        return a == b ? timestamp.compareTo(known) < 0 : a < b;
    }

    private static long instant(String timestamp) {
        try {
            return OffsetDateTime.parse(timestamp).toInstant().toEpochMilli();
        } catch (DateTimeException unreadable) {
            return Long.MAX_VALUE;
        }
    }
}
