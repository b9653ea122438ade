import type { SessionEventValue } from '../../schemas/validators.js';
import type { LoggedEvent } from './reference-join.js';

type Kind = SessionEventValue['event'];
type OfKind<K extends Kind> = Extract<SessionEventValue, { event: K }>;

/**
 * The event of its kind with the earliest instant in its timestamp; of equal ones the timestamp's text decides, then the text of what it says
 * of the session, then the place in the log.
 */
function earliest<K extends Kind>(events: readonly SessionEventValue[], kind: K): OfKind<K> | undefined {
  const found = events.filter((event): event is OfKind<K> => event.event === kind);
  const instant = ({ timestamp }: SessionEventValue): number => {
    const ms = Date.parse(timestamp);
    return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
  };
  return found.toSorted((a, b) => {
    const [x, y] = [instant(a), instant(b)];
    if (x !== y) return x < y ? -1 : 1;
    return compareTexts(a.timestamp, b.timestamp) || compareTexts(saidBy(a), saidBy(b));
  })[0];
}

function compareTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** What of it stands in a `session-incomplete` record, where another of its kind may say something else. */
function saidBy(event: SessionEventValue): string {
  if (event.event === 'session.ended') {
    return JSON.stringify([event.currentNodeId, event.messagesCount, event.extractedVariables]);
  }
  if (event.event !== 'call.ended') return '';
  return JSON.stringify([event.projectId, event.callStatus, event.callDuration]);
}

/** The sender's timestamps by event, absent where it was not seen. */
export function timelineOf(events: readonly SessionEventValue[]): Record<string, string> {
  const timeline: Record<string, string> = {};
  const kinds = {
    sessionEnded: 'session.ended',
    callEnded: 'call.ended',
    sessionFinalized: 'session.finalized',
    recordingReady: 'recording.ready',
  } as const;
  for (const [name, kind] of Object.entries(kinds)) {
    const event = earliest(events, kind);
    if (event !== undefined) timeline[name] = event.timestamp;
  }
  return timeline;
}

/** What a `session-incomplete` record says beside its times. */
export function incompleteParts(events: readonly SessionEventValue[]): Record<string, unknown> {
  const ended = earliest(events, 'session.ended');
  const call = earliest(events, 'call.ended');
  const recording = bestRecording(events);
  const projectId = call?.projectId ?? projectIdOfRecording(events);
  return {
    ...(projectId !== undefined && { projectId }),
    ...(ended && {
      currentNodeId: ended.currentNodeId,
      messagesCount: ended.messagesCount,
      extractedVariables: ended.extractedVariables,
    }),
    ...(call && {
      call: { status: call.callStatus, durationSeconds: call.callDuration },
    }),
    ...(recording && { recording }),
    timeline: timelineOf(events),
  };
}

function projectIdOfRecording(events: readonly SessionEventValue[]): string | undefined {
  const first = earliest(events, 'recording.ready')?.timestamp;
  return events
    .filter((event) => event.event === 'recording.ready')
    .filter(({ timestamp }) => timestamp === first)
    .map(({ projectId }) => projectId)
    .toSorted()[0];
}

type SettledOutcome = { readonly outcome: string } & Readonly<Record<string, unknown>>;

/** What is known of the recording: an archive before a failed one, that before the provider's failure; of each the first. */
export function bestRecording(events: readonly SessionEventValue[]): SettledOutcome | undefined {
  const archived = events.find((event) => event.event === 'recording.archived');
  if (archived !== undefined) {
    const { bucket, key, bytes, sha256, contentType, archivedAt } = archived;
    return { outcome: 'archived', bucket, key, bytes, sha256, contentType, archivedAt };
  }
  const failed = events.find((event) => event.event === 'recording.failed');
  if (failed !== undefined) return { outcome: 'archive_failed', reason: failed.reason };
  const none = events.some((event) => event.event === 'recording.ready' && !event.success);
  return none ? { outcome: 'provider_failed' } : undefined;
}

/** When the last link of those announced dies; 0 when none was. */
export function linksDieAt(entries: readonly LoggedEvent[], linkLifetimeMs: number): number {
  return Math.max(
    0,
    ...entries
      .filter(({ event }) => event.event === 'recording.ready' && event.success)
      .map(({ at }) => at + linkLifetimeMs),
  );
}

export function callEnded({ callStatus, callDuration }: OfKind<'session.finalized'>) {
  return callStatus === undefined ? undefined : { status: callStatus, durationSeconds: callDuration };
}

/** A call that carried sound: its recording is waited for. */
export function isCallWithAudio(event: SessionEventValue): boolean {
  return event.event === 'session.finalized' && event.callStatus !== undefined && event.callDuration !== 0;
}
