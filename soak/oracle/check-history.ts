import { grouped } from '../../lab/grouped.js';
import { checkOutputs } from './check-outputs.js';
import type { DeadLetterRead, History, LogRecord, OutputRead, Violation } from './history.js';
import { placeOf } from './history.js';
import type { LoggedEvent } from './logged-event.js';
import { expectedOf } from './reference-join.js';

/**
 * Finds lost, duplicate, torn, reordered, aborted and phantom records. An empty result means that the join was exact.
 *
 * The expected records are computed from the log without the processor's code. A record is torn when it differs from what its session's
 * events lead to.
 */
export function checkHistory(history: History): Violation[] {
  const { log, outputs, phases, rules, until } = history;
  const outputsOf = grouped(outputs, ({ sessionId }) => sessionId);
  const sessions = sessionsOf(log);
  const violations = [...checkSends(history), ...checkDeadLetters(history), ...checkReaders(history)];
  for (const [sessionId, entries] of sessions) {
    const expected = expectedOf(sessionId, entries, rules, until);
    violations.push(...checkOutputs(sessionId, expected.records, outputsOf.get(sessionId) ?? []));
    const phase = phases.get(sessionId) ?? 'forgotten';
    if (phase === expected.phase) continue;
    violations.push({
      kind: 'torn',
      sessionId,
      detail: `the changelog says ${phase}, its events lead to ${expected.phase}`,
    });
  }
  for (const [sessionId, found] of outputsOf) {
    if (sessions.has(sessionId)) continue;
    violations.push({ kind: 'phantom', sessionId, detail: `${idsOf(found)}: the log has no event of this session` });
  }
  return violations;
}

/** The log must hold every acknowledged event, and none that was never sent. */
function checkSends({ sent, log }: History): Violation[] {
  const logged = new Set(log.map(({ id }) => id));
  const known = new Set(sent.map(({ id }) => id));
  return [
    ...sent
      .filter(({ id, isAcknowledged }) => isAcknowledged && !logged.has(id))
      .map(({ id, sessionId }): Violation => ({
        kind: 'lost',
        sessionId,
        detail: `event ${id} was acknowledged, but is not in the log`,
      })),
    ...log
      .filter(({ id }) => !known.has(id))
      .map(({ id, event }): Violation => {
        return { kind: 'phantom', sessionId: event?.sessionId ?? '', detail: `event ${id} was never sent` };
      }),
  ];
}

/** Each record that cannot be joined must have exactly one dead letter. */
function checkDeadLetters({ log, deadLetters }: History): Violation[] {
  const name = (partition: number, offset: number): string => `dead letter of ${partition}/${offset}`;
  const due = new Map(
    log.filter(({ event }) => event === undefined).map(({ partition, offset }) => [name(partition, offset), 0]),
  );
  const violations: Violation[] = [];
  const report = (kind: Violation['kind'], detail: string) => violations.push({ kind, sessionId: '', detail });
  for (const { partition, sourceOffset } of deadLetters satisfies readonly DeadLetterRead[]) {
    const detail = name(partition, sourceOffset);
    const count = due.get(detail);
    if (count === undefined) report('phantom', detail);
    else if (count > 0) report('duplicate', detail);
    due.set(detail, (count ?? 0) + 1);
  }
  for (const [detail, count] of due) if (count === 0) report('lost', detail);
  return violations;
}

/** Two read_committed consumers must see the same. A record that only one sees is from an aborted transaction, or was withheld. */
function checkReaders({ outputs, seenByOther }: History): Violation[] {
  if (seenByOther === undefined) return [];
  const seenHere = new Set(outputs.map(placeOf));
  return [
    ...[...seenByOther]
      .filter((place) => !seenHere.has(place))
      .map((place): Violation => ({
        kind: 'aborted',
        sessionId: '',
        detail: `only the other reader saw ${place}`,
      })),
    ...outputs
      .filter((output) => !seenByOther.has(placeOf(output)))
      .map((output): Violation => {
        return {
          kind: 'aborted',
          sessionId: output.sessionId,
          detail: `the other reader did not see ${placeOf(output)}`,
        };
      }),
  ];
}

function sessionsOf(log: readonly LogRecord[]): Map<string, LoggedEvent[]> {
  const passedOf = new Map<number, number>();
  const sessions = new Map<string, LoggedEvent[]>();
  for (const { partition, timestamp, event } of log) {
    const passed = Math.max(passedOf.get(partition) ?? 0, timestamp);
    passedOf.set(partition, passed);
    if (event === undefined) continue;
    const entries = sessions.get(event.sessionId) ?? [];
    if (entries.length === 0) sessions.set(event.sessionId, entries);
    entries.push({ event, at: timestamp, passed });
  }
  return sessions;
}

function idsOf(outputs: readonly OutputRead[]): string {
  return outputs.map(({ id }) => id).join(', ');
}
