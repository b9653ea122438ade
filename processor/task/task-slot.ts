import type { InputRecord } from '../../infra/kafka/group-consumer.js';
import type { PartitionEnd, StreamTask } from './stream-task.js';
import { Turnstile } from './turnstile.js';

/**
 * A task with its doors: it opens in the background, its calls pass one at a time, and closing waits for the call in progress.
 *
 * ```
 *  opening ──▶ open ──▶ closed
 *     └───── closed ──────┘
 * ```
 */
export class TaskSlot {
  private readonly turnstile = new Turnstile();
  private state: 'opening' | 'open' | 'closed' = 'opening';

  /**
   * @param onOpen the task is open, and still wanted.
   * @param onOpenFailed opening failed while the slot was wanted.
   */
  constructor(
    private readonly task: StreamTask,
    onOpen: () => void,
    onOpenFailed: (error: unknown) => void,
  ) {
    this.turnstile
      .pass(async () => {
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

  nextDueAt(): number | undefined {
    return this.isOpen ? this.task.nextDueAt() : undefined;
  }

  /** Processes records once the task is open; does nothing once it is closed. */
  async process(records: readonly InputRecord[], nextOffset: number): Promise<void> {
    await this.turnstile.pass(() => (this.isOpen ? this.task.process(records, nextOffset) : Promise.resolve()));
  }

  async punctuate(end: PartitionEnd): Promise<boolean> {
    return this.turnstile.pass(() => (this.isOpen ? this.task.punctuate(end) : Promise.resolve(false)));
  }

  async brokerNow(maxAgeMs: number): Promise<number> {
    return this.turnstile.pass(() => (this.isOpen ? this.task.brokerNow(maxAgeMs) : Promise.resolve(0)));
  }

  /** Ends the task: nothing is committed after this resolves. */
  async close(): Promise<void> {
    this.state = 'closed';
    await this.turnstile.pass(() => this.task.close());
  }
}
