package peer.join;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import peer.join.SessionState.Phase;

/** The join rules: how an event or a timer changes a session. */
public final class SessionJoin {
    private static final DateTimeFormatter ISO =
        DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private final JoinRules rules;
    private final Outputs outputs;

    SessionJoin(JoinRules rules, Outputs outputs) {
        this.rules = rules;
        this.outputs = outputs;
    }

    /** @return the new state, or null when the event changes nothing. May modify the given state. */
    SessionState onEvent(SessionState known, SessionEvent event, long now) {
        if (known != null && known.phase == Phase.COMPLETED) return amend(known, event);
        SessionState state = known == null ? SessionState.open(now) : known;
        boolean changed = gather(state, event, now) || known == null;
        if (state.phase == Phase.AWAITING_RECORDING) {
            if (state.recording != null) return complete(event.sessionId, state, state.recording, now);
        } else if (event.event.equals("session.finalized")) {
            return finalizeSession(state, event, now);
        }
        return changed ? state : null;
    }

    /** Fires the timer of a session that is due. @return the new state, or null to forget the session. */
    SessionState onTimer(String sessionId, SessionState state) {
        long due = state.dueAt(rules);
        return switch (state.phase) {
            case OPEN -> {
                outputs.incomplete(new SessionIncomplete(
                    sessionId, state.projectId, iso(state.firstEventAt), iso(due), state.currentNodeId,
                    state.messagesCount, state.extractedVariables, state.call, state.recording, state.timeline));
                state.phase = Phase.GIVEN_UP;
                state.since = due;
                yield state;
            }
            case AWAITING_RECORDING -> complete(sessionId, state, Recording.of("not_received"), due);
            case GIVEN_UP, COMPLETED -> null;
        };
    }

    private boolean gather(SessionState state, SessionEvent event, long now) {
        boolean isAwaiting = state.phase == Phase.AWAITING_RECORDING;
        switch (event.event) {
            case "session.ended": {
                if (!state.timeline.noteSessionEnded(event.timestamp)) return false;
                if (!isAwaiting) takeConversation(state, event);
                return true;
            }
            case "call.ended": {
                if (!state.timeline.noteCallEnded(event.timestamp)) return false;
                if (!isAwaiting) {
                    state.projectId = event.projectId;
                    state.call = new SessionComplete.Call(event.callStatus, event.callDuration);
                }
                return true;
            }
            case "session.finalized":
                return state.timeline.noteSessionFinalized(event.timestamp);
            case "recording.ready": {
                boolean noted = state.timeline.noteRecordingReady(event.timestamp);
                if (!event.success) return settle(state, Recording.of("provider_failed")) || noted;
                long linkDiesAt = now + rules.linkLifetimeMs();
                if (state.linkDiesAt != null && state.linkDiesAt >= linkDiesAt) return noted;
                state.linkDiesAt = linkDiesAt;
                return true;
            }
            default:
                return settle(state, Recording.settled(event));
        }
    }

    private static boolean settle(SessionState state, Recording recording) {
        if (!recording.supersedes(state.recording)) return false;
        state.recording = recording;
        return true;
    }

    private static void takeConversation(SessionState state, SessionEvent event) {
        state.currentNodeId = event.currentNodeId;
        state.messagesCount = event.messagesCount;
        state.extractedVariables = event.extractedVariables;
    }

    private SessionState finalizeSession(SessionState state, SessionEvent event, long now) {
        takeConversation(state, event);
        state.projectId = event.projectId;
        state.call = event.callStatus == null ? null : new SessionComplete.Call(event.callStatus, event.callDuration);
        state.phase = Phase.AWAITING_RECORDING;
        state.since = now;
        if (state.call == null || state.call.durationSeconds().doubleValue() == 0) {
            return complete(event.sessionId, state, Recording.of("not_expected"), now);
        }
        return state.recording == null ? state : complete(event.sessionId, state, state.recording, now);
    }

    private SessionState complete(String sessionId, SessionState state, Recording recording, long now) {
        SessionComplete record = new SessionComplete();
        record.sessionId = sessionId;
        record.projectId = state.projectId;
        record.revision = 1;
        record.channel = state.call == null ? "text" : "call";
        record.completedAt = iso(now);
        record.currentNodeId = state.currentNodeId;
        record.messagesCount = state.messagesCount;
        record.extractedVariables = state.extractedVariables;
        record.call = state.call;
        record.recording = recording;
        record.timeline = state.timeline;
        outputs.complete(record);
        if (!record.isFinal() && state.recording != null) amendWith(record, state.recording);
        return SessionState.completed(now, record);
    }

    private SessionState amend(SessionState state, SessionEvent event) {
        SessionComplete latest = state.latest;
        if (latest == null) return null;
        boolean changed = switch (event.event) {
            case "session.ended" -> latest.timeline.noteSessionEnded(event.timestamp);
            case "call.ended" -> latest.timeline.noteCallEnded(event.timestamp);
            case "session.finalized" -> false;
            case "recording.ready" -> latest.timeline.noteRecordingReady(event.timestamp)
                | (!event.success && amendWith(latest, Recording.of("provider_failed")));
            default -> amendWith(latest, Recording.settled(event));
        };
        return changed ? SessionState.completed(state.since, latest) : null;
    }

    private boolean amendWith(SessionComplete latest, Recording recording) {
        if (!recording.supersedes(latest.recording)) return false;
        latest.recording = recording;
        latest.revision += 1;
        outputs.amended(latest);
        return true;
    }

    private static String iso(long ms) {
        return ISO.format(Instant.ofEpochMilli(ms));
    }
}
