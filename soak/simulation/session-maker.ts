import type { SessionEventValue } from '../../schemas/validators.js';
import { between, type Random } from '../../lab/random.js';

/** Creates events of a few sessions in any order, with redeliveries, contradictions and late recordings. */
export class SessionMaker {
  private readonly sent: SessionEventValue[] = [];

  constructor(
    private readonly random: Random,
    private readonly sessions: number,
  ) {}

  next(partition: number, now: number): SessionEventValue {
    const { random, sent } = this;
    const again = sent[Math.floor(random() * sent.length)];
    if (again !== undefined && random() < 0.15 && again.sessionId.startsWith(`p${partition}-`)) return again;
    const sessionId = `p${partition}-s${Math.floor(random() * this.sessions)}`;
    const event = this.make(sessionId, new Date(now - between(random, 0, 5_000)).toISOString());
    sent.push(event);
    return event;
  }

  private make(sessionId: string, timestamp: string): SessionEventValue {
    const { random } = this;
    const base = { sessionId, timestamp, projectId: random() < 0.9 ? 'p-1' : 'p-2' };
    const messagesCount = between(random, 0, 9);
    const said = { currentNodeId: 'ask_intention', messagesCount, extractedVariables: { n: between(random, 0, 99) } };
    const call = { callStatus: 'userHangup', callDuration: random() < 0.2 ? 0 : 61.5 };
    switch (between(random, 0, 10)) {
      case 0:
        return { event: 'session.ended', sessionId, timestamp, ...said };
      case 1:
        return { event: 'call.ended', ...base, ...call };
      case 2:
        return { event: 'session.finalized', ...base, ...said };
      case 3:
      case 4:
        return { event: 'session.finalized', ...base, ...said, ...call };
      case 5:
        return { event: 'recording.ready', ...base, success: false };
      case 6:
        return { event: 'recording.failed', ...base, readyAt: timestamp, reason: 'expired' };
      case 7:
      case 8: {
        const stored = { bucket: 'recordings', key: 'k', sha256: 'a'.repeat(64), contentType: 'audio/wav' };
        const bytes = between(random, 1, 1_000);
        return { event: 'recording.archived', ...base, readyAt: timestamp, ...stored, bytes, archivedAt: timestamp };
      }
      default:
        return { event: 'recording.ready', ...base, success: true, recordingUrl: 'https://recordings.example/x' };
    }
  }
}
