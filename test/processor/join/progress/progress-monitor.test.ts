import { Registry } from 'prom-client';
import { afterEach, expect, it } from 'vitest';
import { JoinMetrics } from '../../../../processor/join/join-metrics.js';
import { ProgressMonitor, StuckError } from '../../../../processor/join/progress/progress-monitor.js';
import { ManualClock } from '../../../support/manual-clock.js';

const registry = new Registry();
const metrics = new JoinMetrics(registry, () => ({ open: 0, 'given-up': 0, 'awaiting-recording': 0, completed: 0 }));
let monitor: ProgressMonitor;
afterEach(() => monitor.stop());

it('shows the lag, is not ready when nothing moves, and reports once that it is stuck', async () => {
  const slot = { isOpen: true, nextOffset: 3, restoredRecords: 0, lastRecordAgeMs: 90_000 };
  let slots = new Map([[2, slot]]);
  const stuck: unknown[] = [];
  const clock = new ManualClock();
  monitor = new ProgressMonitor({
    topic: 'session.events',
    offsets: { bounds: () => Promise.resolve(new Map([[2, { low: 0, end: 10 }]])) },
    slots: () => slots,
    metrics,
    clock,
    onStuck: (error) => stuck.push(error),
  });
  monitor.start();
  expect(monitor.readinessFault()).toBeUndefined();
  await clock.advance(40_000);
  expect(monitor.readinessFault()).toMatch(/^partition 2 stands still at offset 3/);
  expect(await registry.getSingleMetricAsString('join_lag_records')).toContain('join_lag_records{partition="2"} 7');
  expect(await registry.getSingleMetricAsString('join_lag_seconds')).toContain('join_lag_seconds{partition="2"} 90');
  slots = new Map();
  await clock.advance(5_000);
  expect(monitor.readinessFault()).toBeUndefined();
  expect(await registry.getSingleMetricAsString('join_lag_records')).not.toContain('partition=');
  slots = new Map([[2, slot]]);
  await clock.advance(600_000);
  expect(stuck).toEqual([expect.any(StuckError)]);
  expect(String(stuck[0])).toContain('session.events: partition 2 stands still at offset 3');
});
