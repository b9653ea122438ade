import { Mutex } from '../../../infra/async/mutex.js';
import type { StreamTask } from './stream-task.js';

/**
 * Guards a task: opens it in the background, lets one call in at a time, and waits for the current call before it closes.
 * A failed call spoils the task. Calls that wait behind it are skipped, because they would commit the failed call's state.
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
   * @param onOpen the task is open, and the slot has not been closed meanwhile.
   * @param onOpenFailed opening failed, and the slot has not been closed meanwhile.
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

  get nextOffset(): StreamTask['nextOffset'] {
    return this.task.nextOffset;
  }

  get currentOffset(): StreamTask['currentOffset'] {
    return this.task.currentOffset;
  }

  get restoredRecords(): StreamTask['restoredRecords'] {
    return this.task.restoredRecords;
  }

  get lastRecordAgeMs(): StreamTask['lastRecordAgeMs'] {
    return this.task.lastRecordAgeMs;
  }

  get deferredMs(): StreamTask['deferredMs'] {
    return this.isOpen ? this.task.deferredMs : undefined;
  }

  nextDueAt(): number | undefined {
    return this.isOpen ? this.task.nextDueAt() : undefined;
  }

  /**
   * Runs work on the task after the calls before it. Waits while the task opens.
   *
   * @returns `undefined`, without doing the work, when the task is spoilt or closed by then.
   * @throws whatever the work throws; the task is spoilt afterwards.
   */
  async run<T>(work: (task: StreamTask) => Promise<T>): Promise<T | undefined> {
    return this.mutex.run(async () => {
      if (!this.isOpen) return undefined;
      try {
        return await work(this.task);
      } catch (error) {
        if (this.state === 'open') this.state = 'spoilt';
        throw error;
      }
    });
  }

  /** Closes the task. Nothing is committed after this resolves. */
  async close(): Promise<void> {
    this.state = 'closed';
    await this.mutex.run(() => this.task.close());
  }
}
