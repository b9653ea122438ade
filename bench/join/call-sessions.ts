import { cloudEventHeaders } from '../../schemas/cloud-events.js';
import type { SessionComplete } from '../../schemas/generated/types.js';
import { encodeWire } from '../../schemas/wire-format.js';
import type { BatchRecord } from '../../infra/kafka/protocol/records/record-batch.js';

/** The events of a call whose recording was archived. They include the archive's own event, so that the join is measured alone. */
export const CALL_EVENTS = ['session.ended', 'call.ended', 'recording.archived', 'session.finalized'] as const;
export type CallEvent = (typeof CALL_EVENTS)[number];

/** An event of the session with this number. */
export type NumberedEvent = { readonly session: number; readonly event: CallEvent };

/** The joined record without `completedAt`, which depends on the log. */
export type ExpectedComplete = Omit<SessionComplete, 'completedAt'>;

const FIRST_SESSION_AT = Date.UTC(2026, 4, 3, 8, 0, 0);
const ID_DIGITS = 12;
const INTENTIONS = ['book a demo', 'cancel an order', 'ask for a refund', 'change the delivery address'];
const STATUSES = ['userHangup', 'agentHangup', 'transferred', 'voicemail'];

/** An id that looks like the vendor's and contains the session's number. */
export function sessionIdOf(session: number): string {
  const mixed = (Math.imul(session + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
  return `${mixed}-8b6e-4d31-9a57-${String(session).padStart(ID_DIGITS, '0')}`;
}

/** The number of the session with this id; `undefined` if the id is not one of ours. */
export function sessionOf(sessionId: string): number | undefined {
  const session = Number(sessionId.slice(-ID_DIGITS));
  return Number.isInteger(session) && sessionIdOf(session) === sessionId ? session : undefined;
}

/**
 * The record of an event in `session.events`; the same numbers give the same bytes.
 * @param header header of the wire format, see `wireHeader`.
 * @param earlierMs moves the event's timestamp back, which makes it a redelivery that changes the session's state.
 */
export function eventRecord({ session, event }: NumberedEvent, header: Buffer, earlierMs = 0): BatchRecord {
  const sessionId = sessionIdOf(session);
  const timestamp = timestampOf(session, event, earlierMs);
  const body = { event, sessionId, timestamp, ...fieldsOf(session, event) };
  return {
    key: sessionId,
    value: encodeWire(header, JSON.stringify(body)),
    headers: cloudEventHeaders({
      id: `${sessionId}:${event}`,
      type: event,
      source: event === 'recording.archived' ? '/processor/archive' : '/ingress/pathors',
      time: timestamp,
    }),
  };
}

/** The record that the join must write for a session, given the events it has seen by then. */
export function expectedComplete(session: number, seen: (event: CallEvent) => boolean): ExpectedComplete {
  const timestampIfSeen = (name: 'sessionEnded' | 'callEnded', event: CallEvent) =>
    seen(event) ? { [name]: timestampOf(session, event) } : {};
  return {
    sessionId: sessionIdOf(session),
    projectId: projectOf(session),
    revision: 1,
    channel: 'call',
    ...conversationOf(session),
    call: { status: statusOf(session), durationSeconds: durationOf(session) },
    recording: { outcome: 'archived', ...archivedOf(session) },
    timeline: {
      ...timestampIfSeen('sessionEnded', 'session.ended'),
      ...timestampIfSeen('callEnded', 'call.ended'),
      sessionFinalized: timestampOf(session, 'session.finalized'),
    },
  };
}

function fieldsOf(session: number, event: CallEvent): object {
  const projectId = projectOf(session);
  const call = { callStatus: statusOf(session), callDuration: durationOf(session) };
  switch (event) {
    case 'session.ended':
      return { ...conversationOf(session), reason: 'session_ended' };
    case 'call.ended':
      return { projectId, ...call, phoneNumber: `+1415${String(5_550_000 + (session % 9_999))}`, direction: 'inbound' };
    case 'recording.archived':
      return { projectId, readyAt: timestampOf(session, event, 900), ...archivedOf(session) };
    case 'session.finalized':
      return { projectId, ...conversationOf(session), ...call };
    default:
      return event satisfies never;
  }
}

function conversationOf(session: number) {
  return {
    currentNodeId: `ask_intention_${session % 17}`,
    messagesCount: 2 + (session % 40),
    extractedVariables: {
      name: `Caller ${session}`,
      intention: INTENTIONS[session % INTENTIONS.length] ?? '',
      email: `caller.${session}@example.com`,
      confirmed: session % 3 === 0,
    },
  };
}

function archivedOf(session: number) {
  const sha256 = (Math.imul(session + 7, 0x85ebca6b) >>> 0).toString(16).padStart(8, '0').repeat(8);
  return {
    bucket: 'recordings',
    key: `${projectOf(session)}/2026/05/03/${sessionIdOf(session)}.wav`,
    bytes: 120_000 + (session % 5_000) * 160,
    sha256,
    contentType: 'audio/wav',
    archivedAt: timestampOf(session, 'recording.archived'),
  };
}

function projectOf(session: number): string {
  return `project-${session % 23}`;
}

function statusOf(session: number): string {
  return STATUSES[session % STATUSES.length] ?? '';
}

/** Never 0: such a call would complete without its recording. */
function durationOf(session: number): number {
  return 5 + (session % 600);
}

function timestampOf(session: number, event: CallEvent, earlierMs = 0): string {
  return new Date(FIRST_SESSION_AT + session * 20 + CALL_EVENTS.indexOf(event) * 1_500 - earlierMs).toISOString();
}
