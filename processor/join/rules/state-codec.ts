import type { SessionComplete } from '../../../schemas/generated/types.js';
import {
  awaitingState,
  completedState,
  givenUpState,
  openState,
  type Finalized,
  type Fragments,
  type Millis,
  type Phase,
  type SessionState,
  type SettledRecording,
  type Timeline,
  type Writable,
} from './state.js';
import { timerBasis, type TimerBasis } from './timers.js';

/**
 * Version of the encoding in the changelog. An incompatible change needs a new number and a way to read the old encoding.
 *
 * ```
 *  byte 0        version
 *  byte 1        phase, an index of PHASES
 *  bytes 2..9    start of the phase's timer, ms, float64 big-endian
 *  bytes 10..17  expiry of the last link, ms, float64 big-endian, 0 for none; absent in a completed state
 *  then          the rest as a JSON array in a fixed order; nothing in a completed state that is final
 * ```
 * A restore can thus set timers and count phases without parsing, and a session that is only remembered takes ten bytes.
 */
const VERSION = 2;
/** Version 1 was the JSON text `[1,state]`: it starts with a bracket. */
const FIRST_BYTE_OF_VERSION_1 = 0x5b;
const PHASES: readonly Phase[] = ['open', 'given-up', 'awaiting-recording', 'completed'];
const COMPLETED_HEAD_BYTES = 10;
const UNFINISHED_HEAD_BYTES = 18;

/** The changelog holds states of a version unknown to this program, which must not touch them. Run the newer program again. */
export class UnknownStateVersionError extends Error {
  override readonly name = 'UnknownStateVersionError';
}

type TimelineBody = [
  Timeline['sessionEnded'],
  Timeline['callEnded'],
  Timeline['sessionFinalized'],
  Timeline['recordingReady'],
];
type FragmentsBody = [
  projectId: Fragments['projectId'],
  ended: [string, number, Finalized['extractedVariables']] | undefined,
  call: [string, number] | undefined,
];
type OpenBody = [TimelineBody, SettledRecording | undefined, ...FragmentsBody];
type AwaitingBody = [
  TimelineBody,
  SettledRecording | undefined,
  projectId: string,
  currentNodeId: string,
  messagesCount: number,
  extractedVariables: Finalized['extractedVariables'],
  callStatus: Finalized['callStatus'],
  callDuration: Finalized['callDuration'],
];

export function encodeState(state: SessionState): Buffer {
  const { phase, since, linkDiesAt } = timerBasis(state);
  const headBytes = phase === 'completed' ? COMPLETED_HEAD_BYTES : UNFINISHED_HEAD_BYTES;
  const body = bodyOf(state);
  const json = body === undefined ? '' : JSON.stringify(body);
  const bytes = Buffer.allocUnsafe(headBytes + Buffer.byteLength(json));
  bytes[0] = VERSION;
  bytes[1] = PHASES.indexOf(phase);
  bytes.writeDoubleBE(since, 2);
  if (phase !== 'completed') bytes.writeDoubleBE(linkDiesAt ?? 0, COMPLETED_HEAD_BYTES);
  bytes.write(json, headBytes);
  return bytes;
}

/** @throws UnknownStateVersionError when a newer program wrote the state. */
export function decodeState(bytes: Buffer): SessionState {
  if (bytes[0] === FIRST_BYTE_OF_VERSION_1) return decodeVersion1(bytes);
  const { phase, since, linkDiesAt } = peekState(bytes);
  if (phase === 'completed') {
    const latest = parse(bytes, COMPLETED_HEAD_BYTES) as SessionComplete | undefined;
    return completedState(since, latest);
  }
  if (phase === 'awaiting-recording') {
    const body = parse(bytes, UNFINISHED_HEAD_BYTES) as AwaitingBody;
    const gathered = { timeline: decodeTimeline(body[0]), recording: present(body[1]), linkDiesAt };
    return awaitingState(since, decodeFinalized(body), gathered);
  }
  const [timeline, recording, projectId, ended, call] = parse(bytes, UNFINISHED_HEAD_BYTES) as OpenBody;
  const known = {
    timeline: decodeTimeline(timeline),
    recording: present(recording),
    linkDiesAt,
    projectId: present(projectId),
    ended: isPresent(ended)
      ? { currentNodeId: ended[0], messagesCount: ended[1], extractedVariables: ended[2] }
      : undefined,
    call: isPresent(call) ? { status: call[0], durationSeconds: call[1] } : undefined,
  };
  return phase === 'open' ? openState(since, known) : givenUpState(since, known);
}

/**
 * Reads the timer basis of an encoded state without parsing the rest.
 * @throws UnknownStateVersionError when a newer program wrote the state.
 */
export function peekState(bytes: Buffer): TimerBasis {
  if (bytes[0] === FIRST_BYTE_OF_VERSION_1) return timerBasis(decodeVersion1(bytes));
  const phase = PHASES[bytes[1] ?? PHASES.length];
  if (bytes[0] !== VERSION || phase === undefined || bytes.length < COMPLETED_HEAD_BYTES) {
    throw new UnknownStateVersionError(
      `the changelog holds a state of version ${String(bytes[0])}, this program reads versions 1 to ${VERSION}: run the newer program`,
    );
  }
  const since = bytes.readDoubleBE(2);
  const linkDiesAt = phase === 'completed' ? 0 : bytes.readDoubleBE(COMPLETED_HEAD_BYTES);
  return { phase, since, linkDiesAt: linkDiesAt === 0 ? undefined : linkDiesAt };
}

function bodyOf(state: SessionState): OpenBody | AwaitingBody | SessionComplete | undefined {
  switch (state.phase) {
    case 'completed':
      return state.latest;
    case 'awaiting-recording': {
      const { timeline, recording, finalized } = state;
      const { projectId, currentNodeId, messagesCount, extractedVariables, callStatus, callDuration } = finalized;
      return [
        encodeTimeline(timeline),
        recording,
        projectId,
        currentNodeId,
        messagesCount,
        extractedVariables,
        callStatus,
        callDuration,
      ];
    }
    case 'open':
    case 'given-up': {
      const { timeline, recording, projectId, ended, call } = state;
      return [
        encodeTimeline(timeline),
        recording,
        projectId,
        ended && [ended.currentNodeId, ended.messagesCount, ended.extractedVariables],
        call && [call.status, call.durationSeconds],
      ];
    }
    default:
      return state satisfies never;
  }
}

function encodeTimeline({ sessionEnded, callEnded, sessionFinalized, recordingReady }: Timeline): TimelineBody {
  return [sessionEnded, callEnded, sessionFinalized, recordingReady];
}

function decodeTimeline([sessionEnded, callEnded, sessionFinalized, recordingReady]: TimelineBody): Timeline {
  return {
    sessionEnded: present(sessionEnded),
    callEnded: present(callEnded),
    sessionFinalized: present(sessionFinalized),
    recordingReady: present(recordingReady),
  };
}

function decodeFinalized([, , projectId, currentNodeId, messagesCount, extractedVariables, ...call]: AwaitingBody) {
  const finalized: Writable<Finalized> = { projectId, currentNodeId, messagesCount, extractedVariables };
  const [callStatus, callDuration] = call;
  if (isPresent(callStatus)) finalized.callStatus = callStatus;
  if (isPresent(callDuration)) finalized.callDuration = callDuration;
  return finalized;
}

/** JSON writes null for an undefined element of an array. */
function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined && value !== null;
}

function present<T>(value: T | undefined): T | undefined {
  return value ?? undefined;
}

function parse(bytes: Buffer, from: number): unknown {
  return bytes.length === from ? undefined : JSON.parse(bytes.toString('utf8', from));
}

function decodeVersion1(bytes: Buffer): SessionState {
  const [version, state] = JSON.parse(bytes.toString()) as [number, SessionState & { firstEventAt?: Millis }];
  if (version !== 1)
    throw new UnknownStateVersionError(
      `the changelog holds a JSON state of version ${version}, this program reads JSON states of version 1: run the newer program`,
    );
  if (state.phase === 'open') return state;
  const { firstEventAt: _notKept, ...kept } = state;
  return kept;
}
