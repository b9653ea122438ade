import type { JoinRules } from '../../processor/join/rules/rules.js';
import type { SessionEventValue } from '../../schemas/validators.js';
import { between, type Random } from '../../lab/random.js';

/** An event, and the time of its sending since the session's start. */
export type TimedEvent = { readonly afterMs: number; readonly event: SessionEventValue };

type Recording = 'archived' | 'failed' | 'provider failed' | 'failed, then archived' | 'late' | 'none';
type Plan = {
  readonly weight: number;
  readonly isCall: boolean;
  readonly finalized: 'soon' | 'late' | 'never';
  readonly recording: Recording;
  readonly hasTraffic?: boolean;
};

/** Kinds of sessions, with their weights. */
const PLANS: readonly Plan[] = [
  { weight: 20, isCall: false, finalized: 'soon', recording: 'none' },
  { weight: 44, isCall: true, finalized: 'soon', recording: 'archived' },
  { weight: 7, isCall: true, finalized: 'soon', recording: 'failed' },
  { weight: 6, isCall: true, finalized: 'soon', recording: 'provider failed' },
  { weight: 4, isCall: true, finalized: 'soon', recording: 'failed, then archived' },
  { weight: 4, isCall: true, finalized: 'soon', recording: 'none', hasTraffic: false },
  { weight: 5, isCall: true, finalized: 'soon', recording: 'none' },
  { weight: 4, isCall: true, finalized: 'soon', recording: 'late' },
  { weight: 3, isCall: true, finalized: 'never', recording: 'archived' },
  { weight: 1, isCall: false, finalized: 'never', recording: 'none' },
  { weight: 2, isCall: true, finalized: 'late', recording: 'archived' },
];
const TOTAL_WEIGHT = PLANS.reduce((sum, { weight }) => sum + weight, 0);
/** Share of events that are delivered again. */
const REDELIVERED_SHARE = 0.06;

/** The events of one session, as sender and archiver would write them: shuffled within seconds, some delivered again. */
export function sessionScript(random: Random, sessionId: string, rules: JoinRules): readonly TimedEvent[] {
  let left = random() * TOTAL_WEIGHT;
  const plan = PLANS.find(({ weight }) => (left -= weight) < 0) ?? PLANS[0];
  if (plan === undefined) throw new Error('no plan');
  const soon = (): number => between(random, 0, 4_000);
  const events = eventsOf(random, sessionId, plan, soon, rules);
  const again = events.filter(() => random() < REDELIVERED_SHARE);
  return [...events, ...again.map(({ event, afterMs }) => ({ event, afterMs: afterMs + soon() }))];
}

function eventsOf(random: Random, sessionId: string, plan: Plan, soon: () => number, rules: JoinRules): TimedEvent[] {
  const timestamp = new Date().toISOString();
  const base = { sessionId, timestamp, projectId: `project-${between(random, 1, 6)}` };
  const extractedVariables = { name: 'Nancy', intention: 'book a demo', turn: between(random, 0, 1_000) };
  const said = { currentNodeId: 'ask_intention', messagesCount: between(random, 0, 40), extractedVariables };
  const call = { callStatus: 'userHangup', callDuration: plan.hasTraffic === false ? 0 : between(random, 1, 600) };
  const events: TimedEvent[] = [{ afterMs: soon(), event: { event: 'session.ended', sessionId, timestamp, ...said } }];
  if (plan.isCall) events.push({ afterMs: soon(), event: { event: 'call.ended', ...base, ...call } });
  if (plan.finalized !== 'never') {
    const lateBy = plan.finalized === 'late' ? rules.finalizeTimeoutMs + 2_000 : 0;
    const event = { event: 'session.finalized', ...base, ...said, ...(plan.isCall && call) } as const;
    events.push({ afterMs: soon() + lateBy, event });
  }
  return [...events, ...recordingEvents(plan.recording, base, soon, rules)];
}

function recordingEvents(
  recording: Recording,
  base: { readonly sessionId: string; readonly timestamp: string; readonly projectId: string },
  soon: () => number,
  rules: JoinRules,
): TimedEvent[] {
  const settles = { ...base, readyAt: base.timestamp };
  const stored = { bucket: 'recordings', key: `${base.projectId}/${base.sessionId}.wav`, bytes: 32_044 };
  const described = { sha256: 'a'.repeat(64), contentType: 'audio/wav', archivedAt: base.timestamp };
  const recordingUrl = 'https://recordings.example/secret';
  const ready: SessionEventValue = { event: 'recording.ready', ...base, success: true, recordingUrl };
  const archived: SessionEventValue = { event: 'recording.archived', ...settles, ...stored, ...described };
  const failed: SessionEventValue = { event: 'recording.failed', ...settles, reason: 'expired' };
  switch (recording) {
    case 'none':
      return [];
    case 'archived':
      return [ready, archived].map((event) => ({ event, afterMs: soon() }));
    case 'failed':
      return [ready, failed].map((event) => ({ event, afterMs: soon() }));
    case 'failed, then archived':
      return [ready, failed, ready, archived].map((event) => ({ event, afterMs: soon() }));
    case 'provider failed':
      return [{ afterMs: soon(), event: { event: 'recording.ready', ...base, success: false } }];
    case 'late':
      return [{ afterMs: soon() + rules.recordingGraceMs + 5_000, event: archived }];
    default:
      return recording satisfies never;
  }
}
