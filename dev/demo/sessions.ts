import { createHash } from 'node:crypto';
import type { Recording } from '../../schemas/generated/types.js';
import { schemas } from '../../schemas/generated/schemas.js';
import type { SenderEvent } from '../../schemas/validators.js';
import type { AudioServer } from './audio-server.js';
import { createWav } from './wav.js';

/** One session of the demo: its events and the expected result. */
export type DemoSession = {
  readonly sessionId: string;
  readonly title: string;
  /** In the order of sending, including redeliveries. */
  readonly events: readonly SenderEvent[];
  readonly expected: {
    readonly channel: 'call' | 'text';
    readonly status: string | undefined;
    readonly outcome: Recording['outcome'];
    /** Hash of the audio that must be in the object store. */
    readonly sha256: string | undefined;
  };
};

type Plot = {
  readonly title: string;
  /** Absent for a text session. */
  readonly status?: string;
  readonly seconds?: number;
  readonly recording?: 'good' | 'provider failed' | 'link dead';
  /** Order of sending: E session.ended, C call.ended, F session.finalized, R recording.ready. A repeated letter is a redelivery. */
  readonly order: string;
};

/** Statuses without a conversation: such a call lasts 0 seconds and has no recording. */
const NO_TRAFFIC = ['busy', 'userNoAnswer', 'userRejected', 'invalidNumber', 'sipTrunkFailure', 'agentNoAnswer'];
const ORDERS = ['ECFR', 'ECRF', 'RECF', 'CEFR'];

const SPECIALS: readonly Plot[] = [
  { title: 'text', order: 'EF' },
  { title: 'text, redelivered', order: 'EEFE' },
  { title: 'text, late session.ended', order: 'FE' },
  { title: 'call, all redelivered', status: 'userHangup', seconds: 3, recording: 'good', order: 'ECREFCR' },
  { title: 'call, finalized first', status: 'agentHangup', seconds: 4, recording: 'good', order: 'FCRE' },
  { title: 'call, recording first', status: 'transferred', seconds: 5, recording: 'good', order: 'RCEF' },
  { title: 'recording failed', status: 'userHangup', seconds: 6, recording: 'provider failed', order: 'ECFR' },
  { title: 'recording failed, early', status: 'error', seconds: 2, recording: 'provider failed', order: 'RECF' },
  { title: 'link dead on arrival', status: 'agentHangup', seconds: 7, recording: 'link dead', order: 'ECFR' },
  { title: 'status not in the docs', status: 'abducted', seconds: 2, recording: 'good', order: 'ECFR' },
];

/** Every documented status once, and the special cases. Each run has its own session ids. */
export function planSessions(run: string, audio: AudioServer): DemoSession[] {
  const statuses: readonly string[] = schemas['call-ended'].properties.callStatus.examples;
  const calls = statuses.map((status, i): Plot => {
    if (NO_TRAFFIC.includes(status))
      return { title: 'call without traffic', status, seconds: 0, order: i % 2 === 0 ? 'ECF' : 'CEF' };
    return {
      title: 'call',
      status,
      seconds: 1 + (i % 9),
      recording: 'good',
      order: ORDERS[i % ORDERS.length] ?? 'ECFR',
    };
  });
  return [...calls, ...SPECIALS].map((plot, i) => stage(plot, `${run}-${String(i + 1).padStart(2, '0')}`, i, audio));
}

function stage(plot: Plot, sessionId: string, index: number, audio: AudioServer): DemoSession {
  const wav = plot.recording === 'good' ? createWav(plot.seconds ?? 1, index) : undefined;
  const events = eventsOf(plot, sessionId, index, () => audio.publish(`${sessionId}.wav`, wav));
  return {
    sessionId,
    title: plot.title,
    events: plot.order
      .split('')
      .map((letter) => events[letter]?.())
      .filter((event) => event !== undefined),
    expected: {
      channel: plot.status === undefined ? 'text' : 'call',
      status: plot.status,
      outcome: outcomeOf(plot),
      sha256: wav && createHash('sha256').update(wav).digest('hex'),
    },
  };
}

function outcomeOf({ recording }: Plot): Recording['outcome'] {
  switch (recording) {
    case 'good':
      return 'archived';
    case 'provider failed':
      return 'provider_failed';
    case 'link dead':
      return 'archive_failed';
    case undefined:
      return 'not_expected';
    default:
      return recording satisfies never;
  }
}

function eventsOf(plot: Plot, sessionId: string, index: number, link: () => string): Record<string, () => SenderEvent> {
  const at = (seconds: number): string => new Date(Date.now() - 60_000 + seconds * 1_000).toISOString();
  const times = { ended: at(0), called: at(1), finalized: at(2), recorded: at(9) };
  const conversation = {
    currentNodeId: 'ask_intention',
    messagesCount: 4 + index,
    extractedVariables: { name: 'Nancy', intention: 'book a demo', seats: index + 1 },
  };
  const project = { sessionId, projectId: 'demo-project' };
  const call = plot.status === undefined ? {} : { callStatus: plot.status, callDuration: plot.seconds ?? 0 };
  return {
    E: () => ({ event: 'session.ended', sessionId, timestamp: times.ended, ...conversation, reason: 'session_ended' }),
    C: () => ({
      event: 'call.ended',
      ...project,
      timestamp: times.called,
      callStatus: plot.status ?? '',
      callDuration: plot.seconds ?? 0,
    }),
    F: () => ({ event: 'session.finalized', ...project, timestamp: times.finalized, ...conversation, ...call }),
    R: () => ({
      event: 'recording.ready',
      ...project,
      timestamp: times.recorded,
      ...(plot.recording === 'provider failed' ? { success: false } : { success: true, recordingUrl: link() }),
    }),
  };
}
