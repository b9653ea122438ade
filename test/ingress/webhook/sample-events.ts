/** Valid events of the four kinds, as documented by the vendor. */
export const SESSION_ENDED = {
  event: 'session.ended',
  sessionId: '2c4f9a13-8b6e-4d31-9a57-1f0f0c2b7e11',
  timestamp: '2026-05-03T08:42:11.512Z',
  currentNodeId: 'ask_intention',
  messagesCount: 8,
  extractedVariables: { name: 'Nancy', intention: 'book a demo' },
  reason: 'session_ended',
};

export const CALL_ENDED = {
  event: 'call.ended',
  sessionId: SESSION_ENDED.sessionId,
  timestamp: '2026-05-03T08:42:12.001Z',
  projectId: 'project-1',
  callStatus: 'userHangup',
  callDuration: 73,
};

export const CALL_FINALIZED = {
  event: 'session.finalized',
  sessionId: SESSION_ENDED.sessionId,
  timestamp: '2026-05-03T08:42:13.000Z',
  projectId: 'project-1',
  currentNodeId: 'ask_intention',
  messagesCount: 8,
  extractedVariables: { name: 'Nancy', intention: 'book a demo' },
  callStatus: 'userHangup',
  callDuration: 73,
};

export const RECORDING_READY = {
  event: 'recording.ready',
  sessionId: SESSION_ENDED.sessionId,
  timestamp: '2026-05-03T08:43:00.000Z',
  projectId: 'project-1',
  success: true,
  recordingUrl: 'https://recordings.example/very-secret-link',
};

/** A valid event with unusual white space, key order and numbers, all of which must be kept. */
export const ODD_SPELLING = Buffer.from(
  '\r\n {"messagesCount" : 8.0e0, "extra":{"é":"\\u00e9","n":1.10,"big":12345678901234567890},' +
    '"event":"session.ended","sessionId":"odd-ü-😀","timestamp":"2026-05-03T08:42:11Z","currentNodeId":"",' +
    '"extractedVariables":{"__proto__":{"x":1}}}\t\n',
);
