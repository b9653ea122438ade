import { isDeepStrictEqual } from 'node:util';
import type { OutputRead, Violation } from './history.js';
import type { ExpectedRecord } from './reference-join.js';

/** Records of one transaction become visible together, whichever topic's were made first. */
const ONE_TRANSACTION_MS = 1_000;

/** Holds a session's records to those that its events ask for. A session that was forgotten and came again has the same ids twice. */
export function checkOutputs(
  sessionId: string,
  expected: readonly ExpectedRecord[],
  seen: readonly OutputRead[],
): Violation[] {
  const violations: Violation[] = [];
  const tell = (kind: Violation['kind'], detail: string) => violations.push({ kind, sessionId, detail });
  const ids = new Set([...expected, ...seen].map(({ id }) => id));
  for (const id of ids) {
    const due = expected.filter((record) => record.id === id);
    const found = seen.filter((record) => record.id === id);
    if (due.length === 0) tell('phantom', `${id}: its events do not ask for it`);
    else if (found.length > due.length) tell('duplicate', `${id}: ${found.length} times, not ${due.length}`);
    else if (found.length < due.length) tell('lost', `${id}: ${found.length} times, not ${due.length}`);
    for (const [i, { record }] of due.entries()) {
      const read = found[i]?.record;
      if (read === undefined || isDeepStrictEqual(read, record)) continue;
      tell('torn', `${id}: ${JSON.stringify(read)} was read, its events say ${JSON.stringify(record)}`);
    }
  }
  return [...violations, ...checkOrder(sessionId, expected, seen)];
}

/**
 * Revisions come in sequence. Topics have no common order but that of the times at which their records were written; all writers are
 * on clocks that agree, as those of one machine do.
 */
function checkOrder(sessionId: string, expected: readonly ExpectedRecord[], seen: readonly OutputRead[]): Violation[] {
  const places = new Map(expected.map(({ id }, place) => [id, place]));
  // Ids that occur twice belong to several lives; which is which shows in their content only.
  if (places.size !== expected.length) return [];
  const violations: Violation[] = [];
  const known = seen.filter(({ id }) => places.has(id));
  for (const [i, record] of known.entries()) {
    for (const other of known.slice(i + 1)) {
      const [before, after] =
        (places.get(record.id) ?? 0) <= (places.get(other.id) ?? 0) ? [record, other] : [other, record];
      const isSwapped =
        before.kind === after.kind
          ? before.offset > after.offset
          : before.timestamp > after.timestamp + ONE_TRANSACTION_MS;
      if (isSwapped)
        violations.push({ kind: 'reordered', sessionId, detail: `${after.id} stands before ${before.id}` });
    }
  }
  return violations;
}
