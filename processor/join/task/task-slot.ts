import type { InputRecord } from '../../../infra/kafka/consume/group-consumer.js';
import type { PartitionEnd, StreamTask } from './stream-task.js';
import { Mutex } from '../../../infra/async/mutex.js';

/**
 * A task with its doors: it opens in the background, its calls pass one at a time, and closing waits for the call in progress.
 * A call that fails spoils the task, and those that wait behind it find the door shut: else they would commit what it left in memory.
 *
 * ```
 *  opening ──▶ open ──▶ spoilt
 *     │          │         │
 *     └───────▶ closed ◀───┘
 * ```
 */
export class TaskSlot {
  private readonly mutex = new Mutex();
  private state: 'opening' | 'open' | 'spoilt' | 'closed' = 'opening';

  /**
   * @param onOpen the task is open, and still wanted.
   * @param onOpenFailed opening failed while the slot was wanted.
   */
  constructor(
    private readonly task: StreamTask,
    onOpen: () => void,
    onOpenFailed: (error: unknown) => void,
  ) {
    this.mutex
      .run(async () => {
        await task.open();
        if (this.state !== 'opening') return;
        this.state = 'open';
        onOpen();
      })
      .catch((error: unknown) => {
        if (this.state !== 'closed') onOpenFailed(error);
      });
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  get counts(): StreamTask['counts'] {
    return this.task.counts;
  }

  /** Where the task goes on; `undefined` when nothing was ever processed. */
  get nextOffset(): number | undefined {
    return this.task.nextOffset;
  }

  get restoredRecords(): StreamTask['restoredRecords'] {
    return this.task.restoredRecords;
  }

  get lastRecordAgeMs(): StreamTask['lastRecordAgeMs'] {
    return this.task.lastRecordAgeMs;
  }

  nextDueAt(): number | undefined {
    return this.isOpen ? this.task.nextDueAt() : undefined;
  }

  /** Processes records once the task is open; does nothing once it is closed. */
  async process(records: readonly InputRecord[], nextOffset: number, isBehind: boolean): Promise<void> {
    await this.call(() => this.task.process(records, nextOffset, isBehind), undefined);
  }

  get deferredMs(): StreamTask['deferredMs'] {
    return this.isOpen ? this.task.deferredMs : undefined;
  }

  /** See {@link StreamTask.commit}. @throws FencedError when another owner has had the partition since. */
  async commit(): Promise<void> {
    await this.call(() => this.task.commit(), undefined);
  }

  async punctuate(end: PartitionEnd): Promise<boolean> {
    return this.call(() => this.task.punctuate(end), false);
  }

  async brokerNow(maxAgeMs: number): Promise<number> {
    return this.call(() => this.task.brokerNow(maxAgeMs), 0);
  }

  /** Ends the task: nothing is committed after this resolves. */
  async close(): Promise<void> {
    this.state = 'closed';
    await this.mutex.run(() => this.task.close());
  }

  private call<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    return this.mutex.run(async () => {
      if (!this.isOpen) return otherwise;
      try {
        return await work();
      } catch (error) {
        if (this.state === 'open') this.state = 'spoilt';
        throw error;
      }
    });
  }
}
