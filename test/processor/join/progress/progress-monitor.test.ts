import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { JoinMetrics } from '../../../../processor/join/join-metrics.js';
import { ProgressMonitor, StuckError } from '../../../../processor/join/progress/progress-monitor.js';

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

const registry = new Registry();
const metrics = new JoinMetrics(registry, () => ({ open: 0, 'given-up': 0, 'awaiting-recording': 0, completed: 0 }));
let monitor: ProgressMonitor;
afterEach(() => monitor.stop());

it('shows the lag, is not ready when nothing moves, and says once that it is stuck', async () => {
  const slot = { isOpen: true, nextOffset: 3, restoredRecords: 0, lastRecordAgeMs: 90_000 };
  let slots = new Map([[2, slot]]);
  const stuck: unknown[] = [];
  monitor = new ProgressMonitor({
    topic: 'session.events',
    offsets: { bounds: () => Promise.resolve(new Map([[2, { low: 0, end: 10 }]])) },
    slots: () => slots,
    waitsFor: () => undefined,
    metrics,
    monotonicMs: () => performance.now(),
    onStuck: (error) => stuck.push(error),
  });
  monitor.start();
  expect(monitor.readinessFault()).toBeUndefined();
  await vi.advanceTimersByTimeAsync(40_000);
  expect(monitor.readinessFault()).toMatch(/^partition 2 does not move/);
  expect(await registry.getSingleMetricAsString('join_lag_records')).toContain('join_lag_records{partition="2"} 7');
  expect(await registry.getSingleMetricAsString('join_lag_seconds')).toContain('join_lag_seconds{partition="2"} 90');
  slots = new Map();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(monitor.readinessFault()).toBeUndefined();
  expect(await registry.getSingleMetricAsString('join_lag_records')).not.toContain('partition=');
  slots = new Map([[2, slot]]);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(stuck).toEqual([expect.any(StuckError)]);
});
