import type { Cancel, Clock } from '../../../infra/async/clock.js';
import type { OffsetReader } from '../../../infra/kafka/consume/offset-reader.js';
import type { JoinMetrics } from '../join-metrics.js';
import type { TaskSlot } from '../task/task-slot.js';
import { PartitionLag } from './partition-lag.js';
import { ProgressWatch, type PartitionProgress, type Progress, type ProgressLimits } from './progress-watch.js';

const OBSERVE_EVERY_MS = 5_000;
const LIMITS: ProgressLimits = { stalledAfterMs: 30_000, stuckAfterMs: 120_000, brokersUnavailableMs: 600_000 };

/** The join has work, does not move, and is not expected to recover by itself: restart the process. */
export class StuckError extends Error {
  override readonly name = 'StuckError';
}

type WatchedSlot = Pick<TaskSlot, 'isOpen' | 'nextOffset' | 'restoredRecords' | 'lastRecordAgeMs'>;

export type ProgressMonitorDeps = {
  readonly topic: string;
  readonly offsets: Pick<OffsetReader, 'bounds'>;
  /** The slots of the assigned partitions; `undefined` while there is no assignment. */
  readonly slots: () => ReadonlyMap<number, WatchedSlot> | undefined;
  readonly metrics: JoinMetrics;
  readonly clock: Clock;
  /** Called once. */
  readonly onStuck: (error: StuckError) => void;
};

/** Observes every few seconds how far the tasks are from the end of the topic: for metrics, for readiness, and to exit when stuck. */
export class ProgressMonitor {
  private readonly watch = new ProgressWatch(LIMITS);
  private readonly lags = new Map<number, PartitionLag>();
  private progress: Progress = { kind: 'moving' };
  private cancelNext: Cancel = () => undefined;
  private stopped = false;

  constructor(private readonly deps: ProgressMonitorDeps) {}

  start(): void {
    this.cancelNext = this.deps.clock.after(OBSERVE_EVERY_MS, () => {
      void this.observe().finally(() => {
        if (!this.stopped) this.start();
      });
    });
  }

  /** Does not wait for an observation in progress, which may take long while brokers are unavailable. It has no effect any more. */
  stop(): void {
    this.stopped = true;
    this.cancelNext();
  }

  /** The reason why the join does not move although it has work; `undefined` otherwise. */
  readinessFault(): string | undefined {
    return this.progress.kind === 'moving' ? undefined : this.progress.reason;
  }

  private async observe(): Promise<void> {
    const { topic, offsets, slots, clock, onStuck } = this.deps;
    const bounds = await offsets.bounds(topic).catch(() => undefined);
    if (this.stopped) return;
    const atMs = clock.monotonic();
    const assigned = slots();
    const partitions: PartitionProgress[] = [];
    for (const [partition, slot] of assigned ?? []) {
      const { low = 0, end = 0 } = bounds?.get(partition) ?? {};
      const position = slot.nextOffset ?? low;
      const isBehind = !slot.isOpen || position < end;
      partitions.push({
        partition,
        isOpen: slot.isOpen,
        isBehind,
        steps: slot.isOpen ? position : slot.restoredRecords,
      });
      if (bounds?.has(partition) === true) this.noteLag(partition, slot, atMs, position, end);
    }
    this.forgetRevoked(assigned);
    this.progress = this.watch.observe({
      atMs,
      brokersAnswer: bounds !== undefined,
      partitions: assigned && partitions,
    });
    if (this.progress.kind !== 'stuck') return;
    this.stopped = true;
    onStuck(new StuckError(`join is stuck on ${topic}: ${this.progress.reason}`));
  }

  private noteLag(partition: number, slot: WatchedSlot, atMs: number, position: number, endOffset: number): void {
    let lag = this.lags.get(partition);
    if (lag === undefined) this.lags.set(partition, (lag = new PartitionLag()));
    const { records, seconds } = lag.observe({ atMs, position, endOffset, lastRecordAgeMs: slot.lastRecordAgeMs });
    this.deps.metrics.lagRecords.set({ partition }, records);
    this.deps.metrics.lagSeconds.set({ partition }, seconds);
  }

  private forgetRevoked(assigned: ReadonlyMap<number, WatchedSlot> | undefined): void {
    for (const partition of this.lags.keys()) {
      if (assigned?.has(partition)) continue;
      this.lags.delete(partition);
      this.deps.metrics.lagRecords.remove({ partition });
      this.deps.metrics.lagSeconds.remove({ partition });
    }
  }
}
