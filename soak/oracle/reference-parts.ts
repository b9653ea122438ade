import type { SessionEventValue } from '../../schemas/validators.js';
import type { LoggedEvent } from './logged-event.js';

type Kind = SessionEventValue['event'];
type OfKind<K extends Kind> = Extract<SessionEventValue, { event: K }>;

/**
 * The event of a kind with the earliest instant in its timestamp. Equal instants are decided by the timestamp's text, then by the text of
 * the event's content, then by log order.
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

/** The event's content in a `session-incomplete` record, as text. Another event of its kind may contradict it. */
function saidBy(event: SessionEventValue): string {
  if (event.event === 'session.ended') {
    return JSON.stringify([event.currentNodeId, event.messagesCount, event.extractedVariables]);
  }
  if (event.event !== 'call.ended') return '';
  return JSON.stringify([event.projectId, event.callStatus, event.callDuration]);
}

/** The sender's timestamps by event, without the events that were not seen. */
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

/** The content of a `session-incomplete` record, without its times. */
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

/** The best outcome of the recording: archived, else failed to archive, else failed at the provider; the first of its kind in the log. */
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

/** When the last of the announced links expires; 0 without any. */
export function lastLinkExpiresAt(entries: readonly LoggedEvent[], linkLifetimeMs: number): number {
  return Math.max(
    0,
    ...entries
      .filter(({ event }) => event.event === 'recording.ready' && event.success)
      .map(({ at }) => at + linkLifetimeMs),
  );
}

export function callEnded({ callStatus, callDuration }: OfKind<'session.finalized'>) {
  const isText = (callStatus ?? undefined) === undefined;
  return isText ? undefined : { status: callStatus, durationSeconds: callDuration };
}

/** Whether the event finalizes a call with audio, for whose recording the join waits. */
export function isCallWithAudio(event: SessionEventValue): boolean {
  return event.event === 'session.finalized' && callEnded(event) !== undefined && event.callDuration !== 0;
}
