import type { OffsetReader } from '../../../infra/kafka/consume/offset-reader.js';
import type { JoinMetrics } from '../join-metrics.js';
import { PartitionLag } from './partition-lag.js';
import { ProgressWatch, type PartitionSight, type Progress, type ProgressLimits } from './progress-watch.js';
import type { TaskSlot } from '../task/task-slot.js';

const LOOK_EVERY_MS = 5_000;
const LIMITS: ProgressLimits = { stalledAfterMs: 30_000, stuckAfterMs: 120_000, brokersAwayMs: 600_000 };

/** The join has work and does not move, and nothing suggests that it will: start the process anew. */
export class StuckError extends Error {
  override readonly name = 'StuckError';
}

type WatchedSlot = Pick<TaskSlot, 'isOpen' | 'nextOffset' | 'restoredRecords' | 'lastRecordAgeMs'>;

export type ProgressMonitorDeps = {
  readonly topic: string;
  readonly offsets: Pick<OffsetReader, 'bounds'>;
  /** The tasks of the partitions that are ours; `undefined` while there is no assignment. */
  readonly slots: () => ReadonlyMap<number, WatchedSlot> | undefined;
  readonly waitsFor: () => string | undefined;
  readonly metrics: JoinMetrics;
  readonly monotonicMs: () => number;
  /** Called once. */
  readonly onStuck: (error: StuckError) => void;
};

/** Looks every few seconds how far the tasks are from the end of the topic: for the metrics, for readiness, and for a way out. */
export class ProgressMonitor {
  private readonly watch = new ProgressWatch(LIMITS);
  private readonly lags = new Map<number, PartitionLag>();
  private progress: Progress = { kind: 'moving' };
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly deps: ProgressMonitorDeps) {}

  start(): void {
    this.timer = setTimeout(() => {
      void this.look().finally(() => {
        if (!this.stopped) this.start();
      });
    }, LOOK_EVERY_MS);
  }

  /** A look under way is not waited for, as brokers that are away let it take long; it changes nothing any more. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** `undefined` while the join moves, or has nothing to do. */
  notReady(): string | undefined {
    return this.progress.kind === 'moving' ? undefined : this.progress.reason;
  }

  private async look(): Promise<void> {
    const { topic, offsets, slots, waitsFor, monotonicMs, onStuck } = this.deps;
    const bounds = await offsets.bounds(topic).catch(() => undefined);
    if (this.stopped) return;
    const atMs = monotonicMs();
    const ours = slots();
    const partitions: PartitionSight[] = [];
    for (const [partition, slot] of ours ?? []) {
      const { low = 0, end = 0 } = bounds?.get(partition) ?? {};
      const position = slot.nextOffset ?? low;
      const isBehind = !slot.isOpen || position < end;
      partitions.push({
        partition,
        isOpen: slot.isOpen,
        isBehind,
        steps: slot.isOpen ? position : slot.restoredRecords,
      });
      if (bounds !== undefined) this.noteLag(partition, slot, atMs, position, end);
    }
    this.forgetRevoked(ours);
    this.progress = this.watch.look({
      atMs,
      brokersAnswer: bounds !== undefined,
      waitsFor: waitsFor(),
      partitions: ours && partitions,
    });
    if (this.progress.kind !== 'stuck') return;
    this.stopped = true;
    onStuck(new StuckError(`the join is stuck: ${this.progress.reason}`));
  }

  private noteLag(partition: number, slot: WatchedSlot, atMs: number, position: number, endOffset: number): void {
    let lag = this.lags.get(partition);
    if (lag === undefined) this.lags.set(partition, (lag = new PartitionLag()));
    const { records, seconds } = lag.look({ atMs, position, endOffset, lastRecordAgeMs: slot.lastRecordAgeMs });
    this.deps.metrics.lagRecords.set({ partition }, records);
    this.deps.metrics.lagSeconds.set({ partition }, seconds);
  }

  private forgetRevoked(ours: ReadonlyMap<number, WatchedSlot> | undefined): void {
    for (const partition of this.lags.keys()) {
      if (ours?.has(partition)) continue;
      this.lags.delete(partition);
      this.deps.metrics.lagRecords.remove({ partition });
      this.deps.metrics.lagSeconds.remove({ partition });
    }
  }
}
