import type { OffsetReader } from '../../../infra/kafka/consume/offset-reader.js';
import type { TaskSlot } from './task-slot.js';

/** How often it is looked whether a timer is due on a partition that nothing comes to. */
const TICK_MS = 200;
/**
 * A timer fires this long after it was due. It covers what a lower bound of one broker's clock cannot: another broker's clock that
 * is a little ahead, and a record that its leader has stamped but its followers have not yet.
 */
const SETTLE_MARGIN_MS = 500;
/** Clocks drift apart by some tens of milliseconds in a thousand seconds: well inside the margin. */
const CLOCK_MAX_AGE_MS = 600_000;
/** A task that is behind gathers records for its next commit no longer than this: more of them may fail to come. */
const MOST_DEFERRED_MS = 1_000;

export type PunctuatorDeps = {
  readonly topic: string;
  readonly offsets: Pick<OffsetReader, 'bounds'>;
  readonly slots: () => ReadonlyMap<number, TaskSlot>;
  /** A slot failed and must be given up. */
  readonly onTaskFailed: (partition: number, error: unknown) => void;
  /** The end of the topic could not be asked; it is asked again at the next tick. */
  readonly onUnavailable: (error: unknown) => void;
};

/**
 * Fires timers on idle partitions, and commits what waits for records that do not come. A busy partition needs none of this: its records
 * bring the time with them.
 *
 * The order is what makes it right: first note the broker's clock, then ask for the end of the partition, then let the task fire
 * what was due by that time, and only if it has processed all up to that end.
 */
export class Punctuator {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly deps: PunctuatorDeps) {}

  start(): void {
    this.timer = setTimeout(() => {
      this.running = this.tick().finally(() => {
        if (!this.stopped) this.start();
      });
    }, TICK_MS);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
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
          while (!this.stopped && (await slot.punctuate({ endOffset, asOf })));
        });
      }),
    );
  }

  private async commitDeferred(): Promise<void> {
    const waiting = [...this.deps.slots()].filter(([, { deferredMs = 0 }]) => deferredMs >= MOST_DEFERRED_MS);
    await Promise.all(waiting.map(([partition, slot]) => this.guard(partition, () => slot.commit())));
  }

  private async dueSlots() {
    const due: { partition: number; slot: TaskSlot; asOf: number }[] = [];
    for (const [partition, slot] of this.deps.slots()) {
      const nextDueAt = slot.nextDueAt();
      if (nextDueAt === undefined) continue;
      await this.guard(partition, async () => {
        const asOf = (await slot.brokerNow(CLOCK_MAX_AGE_MS)) - SETTLE_MARGIN_MS;
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
