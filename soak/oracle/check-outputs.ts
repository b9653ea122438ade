import { isDeepStrictEqual } from 'node:util';
import type { OutputRead, Violation } from './history.js';
import type { ExpectedRecord } from './reference-join.js';

/** Largest difference between the timestamps of records of one transaction. They become visible together. */
const MAX_TRANSACTION_MS = 1_000;

/** Compares a session's records with the expected ones. A session that returns after it was forgotten has the same ids twice. */
export function checkOutputs(
  sessionId: string,
  expected: readonly ExpectedRecord[],
  seen: readonly OutputRead[],
): Violation[] {
  const violations: Violation[] = [];
  const report = (kind: Violation['kind'], detail: string) => violations.push({ kind, sessionId, detail });
  const ids = new Set([...expected, ...seen].map(({ id }) => id));
  for (const id of ids) {
    const due = expected.filter((record) => record.id === id);
    const found = seen.filter((record) => record.id === id);
    if (due.length === 0) report('phantom', `${id}: not expected from its events`);
    else if (found.length > due.length) report('duplicate', `${id}: found ${found.length}, expected ${due.length}`);
    else if (found.length < due.length) report('lost', `${id}: found ${found.length}, expected ${due.length}`);
    for (const [i, { record }] of due.entries()) {
      const read = found[i]?.record;
      if (read === undefined || isDeepStrictEqual(read, record)) continue;
      report('torn', `${id}: read ${JSON.stringify(read)}, expected ${JSON.stringify(record)}`);
    }
  }
  return [...violations, ...checkOrder(sessionId, expected, seen)];
}

/**
 * Checks that records come in sequence. Across topics only their timestamps define an order. All writers run on one machine, so their
 * clocks agree.
 */
function checkOrder(sessionId: string, expected: readonly ExpectedRecord[], seen: readonly OutputRead[]): Violation[] {
  const places = new Map(expected.map(({ id }, place) => [id, place]));
  // Ids that occur twice belong to several lives, which only their content tells apart.
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
          : before.timestamp > after.timestamp + MAX_TRANSACTION_MS;
      if (isSwapped) violations.push({ kind: 'reordered', sessionId, detail: `${after.id} comes before ${before.id}` });
    }
  }
  return violations;
}
