import type { JoinRules } from '../../processor/join/rules/rules.js';
import type { LoggedEvent } from './logged-event.js';
import {
  bestRecording,
  callEnded,
  incompleteParts,
  isCallWithAudio,
  lastLinkExpiresAt,
  timelineOf,
} from './reference-parts.js';

/** An expected output record, as plain JSON, with its identity. */
export type ExpectedRecord = {
  readonly kind: 'complete' | 'amended' | 'incomplete';
  /** `<sessionId>:<kind>:<revision>`, as in `ce_id`. */
  readonly id: string;
  readonly record: Readonly<Record<string, unknown>>;
};

/** The expected result of a session: its records in order, and its phase. */
export type Expected = {
  readonly records: readonly ExpectedRecord[];
  readonly phase: 'open' | 'given-up' | 'awaiting-recording' | 'completed' | 'forgotten';
};

type Life = Expected & { readonly rest: readonly LoggedEvent[] };

/**
 * Derives a session's result from all of its events at once, by the rules in `docs/join-rules.md`. It has no state, no transitions, no
 * timers and no code of the processor, so that it does not repeat an error of the processor.
 *
 * @param entries all events of one session in log order.
 * @param until log time up to which timers have fired (exclusive), at or after the last entry.
 */
export function expectedOf(
  sessionId: string,
  entries: readonly LoggedEvent[],
  rules: JoinRules,
  until: number,
): Expected {
  const records: ExpectedRecord[] = [];
  let phase: Expected['phase'] = 'forgotten';
  for (let rest = entries; rest.length > 0;) {
    const life = liveOnce(sessionId, rest, rules, until);
    records.push(...life.records);
    ({ phase, rest } = life);
  }
  return { records, phase };
}

/** One life of the session, from its first event to the end of its retention. Later events start another life (join rule 8). */
function liveOnce(sessionId: string, entries: readonly LoggedEvent[], rules: JoinRules, until: number): Life {
  const giveUpAt = (entries[0]?.at ?? 0) + rules.finalizeTimeoutMs;
  const finalize = entries.findIndex(({ event }) => event.event === 'session.finalized');
  const finalizedBy = entries[finalize]?.passed ?? Number.POSITIVE_INFINITY;
  if (finalizedBy <= giveUpAt) return complete(sessionId, entries, finalize, rules, until);
  if (until <= giveUpAt) return { records: [], phase: 'open', rest: [] };
  const known = entries.filter(({ passed }) => passed <= giveUpAt);
  const incomplete: ExpectedRecord = {
    kind: 'incomplete',
    id: `${sessionId}:incomplete:1`,
    record: {
      sessionId,
      firstEventAt: iso(entries[0]?.at ?? 0),
      incompleteAt: iso(giveUpAt),
      ...incompleteParts(known.map(({ event }) => event)),
    },
  };
  const forgetAt = giveUpAt + rules.retentionMs;
  if (finalizedBy > forgetAt) return { records: [incomplete], ...afterwards(entries, forgetAt, 'given-up', until) };
  const completed = complete(sessionId, entries, finalize, rules, until);
  return { ...completed, records: [incomplete, ...completed.records] };
}

/** @param finalize index of the first `session.finalized`, the one that counts. */
function complete(
  sessionId: string,
  entries: readonly LoggedEvent[],
  finalize: number,
  rules: JoinRules,
  until: number,
): Life {
  const finalized = entries[finalize];
  if (finalized?.event.event !== 'session.finalized') throw new Error('not finalized');
  const settled = completion(entries, finalize, rules, until);
  if (settled === undefined) return { records: [], phase: 'awaiting-recording', rest: [] };
  const { last, completedAt, recording } = settled;
  const { projectId, currentNodeId, messagesCount, extractedVariables } = finalized.event;
  const call = callEnded(finalized.event);
  const first: ExpectedRecord = {
    kind: 'complete',
    id: `${sessionId}:complete:1`,
    record: {
      sessionId,
      projectId,
      revision: 1,
      channel: call === undefined ? 'text' : 'call',
      recording,
      completedAt: iso(completedAt),
      currentNodeId,
      messagesCount,
      extractedVariables,
      ...(call !== undefined && { call }),
      timeline: timelineOf(entries.slice(0, last + 1).map(({ event }) => event)),
    },
  };
  const forgetAt = completedAt + rules.retentionMs;
  const amended = call === undefined ? [] : amendments(first, entries, last, forgetAt);
  return { records: [first, ...amended], ...afterwards(entries, forgetAt, 'completed', until) };
}

/** The outcome, time and last entry of the session's completion; `undefined` while it waits (join rules 1 to 3). */
function completion(entries: readonly LoggedEvent[], finalize: number, rules: JoinRules, until: number) {
  const finalized = entries[finalize] as LoggedEvent;
  const eventsTo = (last: number) => entries.slice(0, last + 1).map(({ event }) => event);
  if (!isCallWithAudio(finalized.event)) {
    return { last: finalize, completedAt: finalized.at, recording: { outcome: 'not_expected' } };
  }
  for (let last = finalize; ; last += 1) {
    const recording = bestRecording(eventsTo(last));
    if (recording !== undefined) return { last, completedAt: entries[last]?.at ?? 0, recording };
    const deadline = Math.max(
      finalized.at + rules.recordingGraceMs,
      lastLinkExpiresAt(entries.slice(0, last + 1), rules.linkLifetimeMs),
    );
    const next = entries[last + 1];
    if (next !== undefined && next.passed <= deadline) continue;
    if (until <= deadline) return undefined;
    return { last, completedAt: deadline, recording: { outcome: 'not_received' } };
  }
}

const RANKS: Readonly<Record<string, number>> = {
  not_received: 0,
  not_expected: 1,
  provider_failed: 1,
  archive_failed: 2,
  archived: 3,
};
const rankOf = (record: ExpectedRecord['record']): number =>
  RANKS[(record['recording'] as { readonly outcome: string }).outcome] ?? -1;

/** One record each time that the recording's outcome rises (join rule 5). */
function amendments(
  first: ExpectedRecord,
  entries: readonly LoggedEvent[],
  completedBy: number,
  forgetAt: number,
): ExpectedRecord[] {
  const amended: ExpectedRecord[] = [];
  for (let last = completedBy; last < entries.length; last += 1) {
    if (last > completedBy && (entries[last]?.passed ?? 0) > forgetAt) break;
    const heard = entries
      .slice(0, last + 1)
      .filter(({ event }, i) => i <= completedBy || event.event !== 'session.finalized')
      .map(({ event }) => event);
    const { record: said } = amended.at(-1) ?? first;
    const recording = bestRecording(heard);
    if (recording === undefined || (RANKS[recording.outcome] ?? 0) <= rankOf(said)) continue;
    const revision = amended.length + 2;
    amended.push({
      kind: 'amended',
      id: `${String(said['sessionId'])}:amended:${revision}`,
      record: { ...said, revision, recording, timeline: timelineOf(heard) },
    });
  }
  return amended;
}

function afterwards(entries: readonly LoggedEvent[], forgetAt: number, phase: Expected['phase'], until: number) {
  const rest = entries.filter(({ passed }) => passed > forgetAt);
  return { rest, phase: until > forgetAt ? ('forgotten' as const) : phase };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
