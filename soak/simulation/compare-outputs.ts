import { isDeepStrictEqual } from 'node:util';
import type { JoinRules } from '../../processor/join/rules/rules.js';
import { decodeWire } from '../../schemas/wire-format.js';
import type { LoggedEvent } from '../oracle/logged-event.js';
import { expectedOf } from '../oracle/reference-join.js';
import type { OutputRecord } from '../../processor/join/log/partition-log.js';
import { TOPICS } from './simulated-processor.js';
import type { SimulatedTopic } from './kafka/simulated-topic.js';

/** Compares all outputs of a partition with those that its input log requires, and lists the differences. */
export function compareOutputs(topic: SimulatedTopic, number: number, rules: JoinRules): string[] {
  const { outputs, input } = topic.partition(number);
  const sessions = new Map<string, LoggedEvent[]>();
  const deadOffsets: string[] = [];
  let passed = 0;
  for (const { offset, timestamp } of input) {
    passed = Math.max(passed, timestamp);
    const event = topic.eventAt(number, offset);
    if (event === undefined) {
      deadOffsets.push(String(offset));
      continue;
    }
    const entries = sessions.get(event.sessionId) ?? [];
    if (entries.length === 0) sessions.set(event.sessionId, entries);
    entries.push({ event, at: timestamp, passed });
  }
  const letters = outputs.filter(({ topic: name }) => name === TOPICS.deadLetter);
  const differences = compareSession(
    'dead letters',
    deadOffsets.map((id) => ({ id, record: {} })),
    letters.map(({ headers }) => ({ id: String(headers['source-offset']), record: {} })),
  );
  const written = new Map<string, OutputRecord[]>();
  for (const output of outputs) {
    if (output.topic === TOPICS.deadLetter) continue;
    const key = output.key ?? '';
    written.set(key, [...(written.get(key) ?? []), output]);
  }
  for (const [sessionId, entries] of sessions) {
    const { records } = expectedOf(sessionId, entries, rules, topic.now);
    const seen = (written.get(sessionId) ?? []).map((output) => ({
      id: String(output.headers['ce_id']),
      record: bodyOf(output),
    }));
    differences.push(...compareSession(sessionId, records, seen));
    written.delete(sessionId);
  }
  for (const sessionId of written.keys()) differences.push(`${sessionId}: has outputs, but no event in the log`);
  return differences;
}

type Known = { readonly id: string; readonly record: Readonly<Record<string, unknown>> };

function compareSession(name: string, expected: readonly Known[], seen: readonly Known[]): string[] {
  const ids = (records: readonly Known[]): string => records.map(({ id }) => id).join(', ') || 'nothing';
  if (ids(expected) !== ids(seen)) return [`${name}: wrote ${ids(seen)}; expected ${ids(expected)}`];
  return expected.flatMap(({ id, record }, i) =>
    isDeepStrictEqual(seen[i]?.record, record)
      ? []
      : [`${id}: wrote ${JSON.stringify(seen[i]?.record)}; expected ${JSON.stringify(record)}`],
  );
}

function bodyOf({ value }: OutputRecord): Record<string, unknown> {
  return JSON.parse(decodeWire(value)?.json.toString() ?? '{}') as Record<string, unknown>;
}
