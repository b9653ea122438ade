import { expect, test } from 'vitest';
import { LatencyLedger } from '../../../bench/latency/latency-ledger.js';

test('latency counts from the last event that was sent of a session, after the warm-up', () => {
  const ledger = new LatencyLedger(2, 1, 1);
  for (const [id, at] of [
    ['warm', 0],
    ['a', 1],
    ['warm', 2],
    ['a', 10],
  ] as const)
    ledger.sent(id, at);
  ledger.seen('warm', 500);
  ledger.seen('a', 17);
  ledger.seen('a', 90);
  expect(ledger.sessionsSeen).toBe(2);
  expect(ledger.summary()).toEqual({ p50: 7, p99: 7, max: 7 });
});

test('if all events are read back, a session counts as seen at the last of them', () => {
  const ledger = new LatencyLedger(2, 2, 0);
  ledger.sent('a', 0);
  ledger.seen('a', 1);
  ledger.sent('a', 10);
  expect(ledger.sessionsSeen).toBe(0);
  ledger.seen('a', 15);
  expect(ledger.summary().max).toBe(5);
});

test('a joined record before the last event of its session is an error', () => {
  const ledger = new LatencyLedger(2, 1, 0);
  ledger.sent('a', 0);
  expect(() => ledger.seen('a', 1)).toThrow('a was joined before its last event was sent');
});
