import type {
  CallEnded,
  RecordingArchived,
  RecordingFailed,
  RecordingReady,
  SessionEnded,
  SessionFinalized,
} from '../../../../schemas/generated/types.js';
import { at } from './session-script.js';

const base = { sessionId: 's-1', projectId: 'p-1' };
const conversation = { currentNodeId: 'ask_intention', messagesCount: 8, extractedVariables: { name: 'Nancy' } };

export const sessionEnded = (more: Partial<SessionEnded> = {}): SessionEnded => ({
  event: 'session.ended',
  sessionId: base.sessionId,
  timestamp: at(0),
  ...conversation,
  ...more,
});

export const callEnded = (more: Partial<CallEnded> = {}): CallEnded => ({
  event: 'call.ended',
  ...base,
  timestamp: at(1),
  callStatus: 'userHangup',
  callDuration: 61.5,
  ...more,
});

export const textFinalized = (more: Partial<SessionFinalized> = {}): SessionFinalized => ({
  event: 'session.finalized',
  ...base,
  timestamp: at(2),
  ...conversation,
  ...more,
});

export const callFinalized = (more: Partial<SessionFinalized> = {}): SessionFinalized =>
  textFinalized({ callStatus: 'userHangup', callDuration: 61.5, ...more });

export const recordingReady = (more: Partial<RecordingReady> = {}): RecordingReady => ({
  event: 'recording.ready',
  ...base,
  timestamp: at(3),
  success: true,
  recordingUrl: 'https://recordings.example/secret',
  ...more,
});

export const providerFailed = (more: Partial<RecordingReady> = {}): RecordingReady => {
  const { recordingUrl: _none, ...rest } = recordingReady({ success: false, ...more });
  return rest;
};

const stored = {
  bucket: 'recordings',
  key: 'p-1/2026/05/03/s-1.wav',
  bytes: 32_044,
  sha256: 'a'.repeat(64),
  contentType: 'audio/wav',
  archivedAt: at(4),
};

export const recordingArchived = (more: Partial<RecordingArchived> = {}): RecordingArchived => ({
  event: 'recording.archived',
  ...base,
  timestamp: at(4),
  readyAt: at(3),
  ...stored,
  ...more,
});

export const recordingFailed = (more: Partial<RecordingFailed> = {}): RecordingFailed => ({
  event: 'recording.failed',
  ...base,
  timestamp: at(4),
  readyAt: at(3),
  reason: 'expired',
  ...more,
});

export const ARCHIVED = { outcome: 'archived', ...stored } as const;
