import type { Cancel, Clock } from '../../../infra/async/clock.js';
import type { OffsetReader } from '../../../infra/kafka/consume/offset-reader.js';
import type { TaskSlot } from './task-slot.js';

/** Interval of the check for due timers on idle partitions. */
const TICK_MS = 200;
/**
 * Delay between a timer's due time and its firing. It covers what a lower bound of one broker's clock cannot: another broker's clock
 * that is slightly ahead, and a record that its leader has stamped but its followers do not have yet.
 */
const SETTLE_MARGIN_MS = 500;
/** Longest use of one sample of the broker's clock. Clocks drift apart by tens of milliseconds in this time, well within the margin. */
const MAX_CLOCK_AGE_MS = 600_000;
/** Longest time for which processed records wait for more records before they are committed. */
const MAX_DEFERRED_MS = 1_000;

export type PunctuatorDeps = {
  readonly topic: string;
  readonly offsets: Pick<OffsetReader, 'bounds'>;
  readonly slots: () => ReadonlyMap<number, TaskSlot>;
  readonly clock: Clock;
  /** A call to the slot failed: its task must be given up. */
  readonly onTaskFailed: (partition: number, error: unknown) => void;
  /** The end of the topic could not be read. The next tick tries again. */
  readonly onUnavailable: (error: unknown) => void;
};

/**
 * Fires timers on idle partitions, and commits processed records when no more records arrive. A busy partition does not need it,
 * because each record brings the time with it.
 *
 * Correctness depends on the order of three steps: read the broker's clock, read the end of the partition, then let the task fire the
 * timers that were due by that time, and only if it has processed everything up to that end.
 */
export class Punctuator {
  private cancelTick: Cancel = () => undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly deps: PunctuatorDeps) {}

  start(): void {
    this.cancelTick = this.deps.clock.after(TICK_MS, () => {
      this.running = this.tick().finally(() => {
        if (!this.stopped) this.start();
      });
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelTick();
    await this.running;
  }

  private async tick(): Promise<void> {
    await this.commitDeferred();
    const due = await this.dueSlots();
    if (due.length === 0) return;
    let bounds;
    try {
      bounds = await this.deps.offsets.bounds(this.deps.topic);
    } catch (error) {
      this.deps.onUnavailable(error);
      return;
    }
    await Promise.all(
      due.map(async ({ partition, slot, asOf }) => {
        const endOffset = bounds.get(partition)?.end;
        if (endOffset === undefined) return;
        await this.guard(partition, async () => {
          while (!this.stopped && (await slot.run((task) => task.punctuate({ endOffset, asOf }))));
        });
      }),
    );
  }

  private async commitDeferred(): Promise<void> {
    const waiting = [...this.deps.slots()].filter(([, { deferredMs = 0 }]) => deferredMs >= MAX_DEFERRED_MS);
    await Promise.all(
      waiting.map(([partition, slot]) => this.guard(partition, () => slot.run((task) => task.commit()))),
    );
  }

  private async dueSlots() {
    const due: { partition: number; slot: TaskSlot; asOf: number }[] = [];
    for (const [partition, slot] of this.deps.slots()) {
      const nextDueAt = slot.nextDueAt();
      if (nextDueAt === undefined) continue;
      await this.guard(partition, async () => {
        const brokerNow = await slot.run((task) => task.brokerNow(MAX_CLOCK_AGE_MS));
        const asOf = (brokerNow ?? 0) - SETTLE_MARGIN_MS;
        if (nextDueAt < asOf) due.push({ partition, slot, asOf });
      });
    }
    return due;
  }

  private async guard(partition: number, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.deps.onTaskFailed(partition, error);
    }
  }
}
