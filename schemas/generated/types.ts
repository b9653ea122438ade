// Generated from schemas/*.schema.json by `npm run generate`. Do not edit.

export type AnyRecord = SessionEvent | SessionComplete | SessionIncomplete;
/**
 * Any event of session.events: the four of the sender and the two of the archiver.
 */
export type SessionEvent =
  SessionEnded | CallEnded | SessionFinalized | RecordingReady | RecordingArchived | RecordingFailed;
export type Recording = RecordingOutcomeArchived | RecordingOutcomeAbsent | RecordingOutcomeArchiveFailed;
export type Recording1 = RecordingOutcomeArchived1 | RecordingOutcomeAbsent1 | RecordingOutcomeArchiveFailed1;

/**
 * The conversation has ended. For a call its status and duration may not be known yet. reason is a deprecated alias of event ("session_ended"); it may be absent, and nothing reads it, so it may have any value.
 */
export interface SessionEnded {
  event: 'session.ended';
  /**
   * The Pathors session id: 1 to 256 characters (code points), none of them a control character. Half a surrogate pair is refused too, which a portable pattern cannot say.
   */
  sessionId: string;
  /**
   * When the sender emitted the event (ISO 8601).
   */
  timestamp: string;
  /**
   * Pathway node the agent was on when the conversation ended.
   */
  currentNodeId: string;
  /**
   * Messages exchanged in the session.
   */
  messagesCount: number;
  /**
   * Variables extracted across the session, keyed by name.
   */
  extractedVariables: {
    [k: string]: unknown;
  };
  reason?: unknown;
  [k: string]: unknown;
}
/**
 * The call has ended. Calls only.
 */
export interface CallEnded {
  event: 'call.ended';
  /**
   * The Pathors session id: 1 to 256 characters (code points), none of them a control character. Half a surrogate pair is refused too, which a portable pattern cannot say.
   */
  sessionId: string;
  /**
   * When the sender emitted the event (ISO 8601).
   */
  timestamp: string;
  /**
   * The project that owns the agent.
   */
  projectId: string;
  /**
   * Final domain status of the call. The list is open: the vendor may add a status, and refusing it would lose the session.
   */
  callStatus: string;
  /**
   * Seconds. 0 for outcomes without traffic (busy, no answer, invalid number).
   */
  callDuration: number;
  [k: string]: unknown;
}
/**
 * Everything is done for the session. A call has both call fields, a text session has neither; null counts as absent.
 */
export interface SessionFinalized {
  event: 'session.finalized';
  /**
   * The Pathors session id: 1 to 256 characters (code points), none of them a control character. Half a surrogate pair is refused too, which a portable pattern cannot say.
   */
  sessionId: string;
  /**
   * When the sender emitted the event (ISO 8601).
   */
  timestamp: string;
  /**
   * The project that owns the agent.
   */
  projectId: string;
  /**
   * Pathway node the agent was on when the conversation ended.
   */
  currentNodeId: string;
  /**
   * Messages exchanged in the session.
   */
  messagesCount: number;
  /**
   * Variables extracted across the session, keyed by name.
   */
  extractedVariables: {
    [k: string]: unknown;
  };
  /**
   * Final domain status of the call. The list is open: the vendor may add a status, and refusing it would lose the session.
   */
  callStatus?: string | null;
  /**
   * Seconds. 0 for outcomes without traffic (busy, no answer, invalid number).
   */
  callDuration?: number | null;
  [k: string]: unknown;
}
/**
 * A call's recording finished processing, well or badly. recordingUrl is there if and only if success is true; null counts as absent.
 */
export interface RecordingReady {
  event: 'recording.ready';
  /**
   * The Pathors session id: 1 to 256 characters (code points), none of them a control character. Half a surrogate pair is refused too, which a portable pattern cannot say.
   */
  sessionId: string;
  /**
   * When the sender emitted the event (ISO 8601).
   */
  timestamp: string;
  /**
   * The project that owns the agent.
   */
  projectId: string;
  success: boolean;
  /**
   * Bearer credential: a download link that works for about 15 minutes.
   */
  recordingUrl?: string | null;
  [k: string]: unknown;
}
/**
 * Written by the archiver: the audio is in the object store.
 */
export interface RecordingArchived {
  event: 'recording.archived';
  /**
   * The Pathors session id: 1 to 256 characters (code points), none of them a control character. Half a surrogate pair is refused too, which a portable pattern cannot say.
   */
  sessionId: string;
  /**
   * When the archiver settled the recording (ISO 8601).
   */
  timestamp: string;
  /**
   * The project that owns the agent.
   */
  projectId: string;
  /**
   * Timestamp of the recording.ready that this settles.
   */
  readyAt: string;
  bucket: string;
  /**
   * Object key, as the store knows it.
   */
  key: string;
  bytes: number;
  /**
   * SHA-256 of the object, lower-case hex.
   */
  sha256: string;
  contentType: string;
  /**
   * When the object was complete in the store (ISO 8601).
   */
  archivedAt: string;
  [k: string]: unknown;
}
/**
 * Written by the archiver: the audio could not be saved before its link died.
 */
export interface RecordingFailed {
  event: 'recording.failed';
  /**
   * The Pathors session id: 1 to 256 characters (code points), none of them a control character. Half a surrogate pair is refused too, which a portable pattern cannot say.
   */
  sessionId: string;
  /**
   * When the archiver gave up (ISO 8601).
   */
  timestamp: string;
  /**
   * The project that owns the agent.
   */
  projectId: string;
  /**
   * Timestamp of the recording.ready that this settles.
   */
  readyAt: string;
  /**
   * Machine-readable reason; docs/archive.md lists them.
   */
  reason: string;
  [k: string]: unknown;
}
/**
 * Everything about one session. One record of revision 1 a session; a recording that settles later gives the next revision in session.amended.
 */
export interface SessionComplete {
  /**
   * The Pathors session id: 1 to 256 characters (code points), none of them a control character. Half a surrogate pair is refused too, which a portable pattern cannot say.
   */
  sessionId: string;
  /**
   * The project that owns the agent.
   */
  projectId: string;
  revision: number;
  channel: 'call' | 'text';
  /**
   * When the join had all it waited for (ISO 8601, log time).
   */
  completedAt: string;
  /**
   * Pathway node the agent was on when the conversation ended.
   */
  currentNodeId: string;
  /**
   * Messages exchanged in the session.
   */
  messagesCount: number;
  /**
   * Variables extracted across the session, keyed by name.
   */
  extractedVariables: {
    [k: string]: unknown;
  };
  /**
   * Calls only.
   */
  call?: {
    /**
     * Final domain status of the call. The list is open: the vendor may add a status, and refusing it would lose the session.
     */
    status: string;
    /**
     * Seconds. 0 for outcomes without traffic (busy, no answer, invalid number).
     */
    durationSeconds: number;
  };
  recording: Recording;
  /**
   * The sender's own timestamps; absent where the event was not seen.
   */
  timeline: {
    /**
     * timestamp of session.ended
     */
    sessionEnded?: string;
    /**
     * timestamp of call.ended
     */
    callEnded?: string;
    /**
     * timestamp of session.finalized
     */
    sessionFinalized: string;
    /**
     * timestamp of recording.ready
     */
    recordingReady?: string;
  };
}
/**
 * The audio is in the object store.
 */
export interface RecordingOutcomeArchived {
  outcome: 'archived';
  bucket: string;
  /**
   * Object key, as the store knows it.
   */
  key: string;
  bytes: number;
  /**
   * SHA-256 of the object, lower-case hex.
   */
  sha256: string;
  contentType: string;
  /**
   * When the object was complete in the store (ISO 8601).
   */
  archivedAt: string;
}
/**
 * There is no audio: none was expected, the provider failed, or nothing came in time.
 */
export interface RecordingOutcomeAbsent {
  outcome: 'not_expected' | 'provider_failed' | 'not_received';
}
/**
 * There was audio, and it could not be saved.
 */
export interface RecordingOutcomeArchiveFailed {
  outcome: 'archive_failed';
  /**
   * Machine-readable reason; docs/archive.md lists them.
   */
  reason: string;
}
/**
 * A session that was not finalized in time, with all that is known of it.
 */
export interface SessionIncomplete {
  /**
   * The Pathors session id: 1 to 256 characters (code points), none of them a control character. Half a surrogate pair is refused too, which a portable pattern cannot say.
   */
  sessionId: string;
  /**
   * The project that owns the agent.
   */
  projectId?: string;
  /**
   * When its first event reached Kafka (ISO 8601).
   */
  firstEventAt: string;
  /**
   * When the join gave up waiting (ISO 8601, log time).
   */
  incompleteAt: string;
  /**
   * Pathway node the agent was on when the conversation ended.
   */
  currentNodeId?: string;
  /**
   * Messages exchanged in the session.
   */
  messagesCount?: number;
  /**
   * Variables extracted across the session, keyed by name.
   */
  extractedVariables?: {
    [k: string]: unknown;
  };
  /**
   * Calls only.
   */
  call?: {
    /**
     * Final domain status of the call. The list is open: the vendor may add a status, and refusing it would lose the session.
     */
    status: string;
    /**
     * Seconds. 0 for outcomes without traffic (busy, no answer, invalid number).
     */
    durationSeconds: number;
  };
  recording?: Recording1;
  /**
   * The sender's own timestamps; absent where the event was not seen.
   */
  timeline: {
    /**
     * timestamp of session.ended
     */
    sessionEnded?: string;
    /**
     * timestamp of call.ended
     */
    callEnded?: string;
    /**
     * timestamp of session.finalized
     */
    sessionFinalized?: string;
    /**
     * timestamp of recording.ready
     */
    recordingReady?: string;
  };
}
/**
 * The audio is in the object store.
 */
export interface RecordingOutcomeArchived1 {
  outcome: 'archived';
  bucket: string;
  /**
   * Object key, as the store knows it.
   */
  key: string;
  bytes: number;
  /**
   * SHA-256 of the object, lower-case hex.
   */
  sha256: string;
  contentType: string;
  /**
   * When the object was complete in the store (ISO 8601).
   */
  archivedAt: string;
}
/**
 * There is no audio: none was expected, the provider failed, or nothing came in time.
 */
export interface RecordingOutcomeAbsent1 {
  outcome: 'not_expected' | 'provider_failed' | 'not_received';
}
/**
 * There was audio, and it could not be saved.
 */
export interface RecordingOutcomeArchiveFailed1 {
  outcome: 'archive_failed';
  /**
   * Machine-readable reason; docs/archive.md lists them.
   */
  reason: string;
}
