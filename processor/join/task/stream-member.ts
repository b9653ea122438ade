import type { Logger } from '../../../infra/observability/logger.js';
import { FencedError, TransactionFailedError } from '../../../infra/kafka/transaction/errors.js';
import type {
  BatchHandle,
  ConsumerHandlers,
  GroupConsumer,
  InputBatch,
} from '../../../infra/kafka/consume/group-consumer.js';
import type { OffsetReader } from '../../../infra/kafka/consume/offset-reader.js';
import type { JoinMetrics } from '../join-metrics.js';
import { Punctuator } from './punctuator.js';
import type { StreamTask } from './stream-task.js';
import { TaskSlot } from './task-slot.js';

export type StreamThreadDeps = {
  /** Of the join's group on `topic`; what is ours is read from where it is told. */
  readonly createConsumer: (handlers: ConsumerHandlers) => TaskConsumer;
  readonly topic: string;
  readonly offsets: OffsetReader;
  readonly createTask: (partition: number) => StreamTask;
  readonly metrics: JoinMetrics;
  readonly logger: Logger;
  /** Called once: the thread is of no use any more, stop it. */
  readonly onFailed: (error: unknown) => void;
};

export type TaskConsumer = Pick<GroupConsumer, 'start' | 'stop' | 'seek'>;

/** So many records are processed before it is looked again whether the batch is still ours. */
const SLICE_RECORDS = 1_000;
/**
 * A transaction costs the brokers as much with one record as with a thousand: so after a small one a partition rests, and what comes
 * meanwhile gathers for the next. A backlog is not held up.
 */
const REST_MS = 5;
const BACKLOG_RECORDS = 500;

/**
 * One membership in the join's consumer group, with a task for each partition that it has.
 *
 * It lives until something fails. Then it is thrown away whole, membership included, because what a failed task leaves in doubt
 * (who owns the partition, what was committed) is answered only by a fresh assignment.
 */
export class StreamThread {
  private readonly slots = new Map<number, TaskSlot>();
  private readonly closing = new Set<Promise<void>>();
  private readonly consumer: TaskConsumer;
  private readonly punctuator: Punctuator;
  private state: 'joining' | 'running' | 'failed' | 'stopped' = 'joining';

  constructor(private readonly deps: StreamThreadDeps) {
    this.consumer = deps.createConsumer({
      onAssigned: (partitions) => this.assign(partitions),
      onBatch: (batch, handle) => this.processBatch(batch, handle),
      onCrash: (error) => this.fail(error),
    });
    this.punctuator = new Punctuator({
      topic: deps.topic,
      offsets: deps.offsets,
      slots: () => this.slots,
      onTaskFailed: (partition, error) => this.taskFailed(partition, this.slots.get(partition), error),
      onUnavailable: (error) => deps.logger.warn({ err: error }, 'end of the topic not known, timers wait'),
    });
  }

  async start(): Promise<void> {
    await this.consumer.start();
    this.punctuator.start();
  }

  /** Leaves the group and closes the tasks; what is being processed is finished first. */
  async stop(): Promise<void> {
    if (this.state !== 'failed') this.state = 'stopped';
    await this.punctuator.stop();
    await this.consumer.stop();
    for (const partition of [...this.slots.keys()]) this.drop(partition);
    await Promise.allSettled(this.closing);
  }

  /** `undefined` when every partition that is ours is restored and being processed. */
  notReady(): string | undefined {
    if (this.state !== 'running') return `join is ${this.state}`;
    const opening = [...this.slots].filter(([, slot]) => !slot.isOpen).map(([partition]) => partition);
    return opening.length === 0 ? undefined : `join restores partitions ${opening.join(', ')}`;
  }

  /** Those that are restored and have not failed: what a spoilt one has in memory means nothing. */
  openSlots(): readonly TaskSlot[] {
    return [...this.slots.values()].filter(({ isOpen }) => isOpen);
  }

  /** The tasks of the partitions that are ours; `undefined` while there is no assignment. */
  assignedSlots(): ReadonlyMap<number, TaskSlot> | undefined {
    return this.state === 'running' ? this.slots : undefined;
  }

  private assign(partitions: readonly number[]): void {
    const { logger, metrics, createTask } = this.deps;
    if (this.state === 'joining') this.state = 'running';
    if (this.state !== 'running') return;
    metrics.rebalances.inc();
    const revoked = [...this.slots.keys()].filter((partition) => !partitions.includes(partition));
    logger.info({ partitions, revoked }, 'partitions assigned');
    for (const partition of revoked) this.drop(partition);
    for (const partition of partitions) {
      const kept = this.slots.get(partition);
      if (kept?.isOpen) this.keep(partition, kept);
      if (kept !== undefined) continue;
      const slot: TaskSlot = new TaskSlot(
        createTask(partition),
        () => this.keep(partition, slot),
        (error) => this.taskFailed(partition, slot, error),
      );
      this.slots.set(partition, slot);
    }
  }

  /**
   * Goes on with a task whose partition may have been another's in between, unnoticed, while it was open or while it opened: what that owner
   * read comes here again, and what it committed shows in a commit, which fails, fenced. Without either, an idle partition would keep an old state until its next timer.
   */
  private keep(partition: number, slot: TaskSlot): void {
    this.seek(partition, slot);
    slot.commit().catch((error: unknown) => this.taskFailed(partition, slot, error));
  }

  /**
   * Lets the consumer go on where the task is, not where the group's offset is: another owner may have moved that since the task
   * read it. What that owner processed then comes here too, and to commit it fails, fenced. Else, with nothing more to come, a task
   * that has lost its partition and got it back would wait on with a state that is out of date, and the new sessions' timers with it.
   */
  private seek(partition: number, slot: TaskSlot): void {
    const { offsets, topic } = this.deps;
    const move = (offset: number | undefined): void => {
      const isOurs = this.state === 'running' && this.slots.get(partition) === slot;
      if (isOurs && offset !== undefined) this.consumer.seek(partition, offset);
    };
    if (slot.nextOffset !== undefined) {
      move(slot.nextOffset);
      return;
    }
    offsets
      .bounds(topic)
      .then((bounds) => move(bounds.get(partition)?.low))
      .catch((error: unknown) => this.taskFailed(partition, slot, error));
  }

  private async processBatch(batch: InputBatch, handle: BatchHandle): Promise<void> {
    const slot = this.slots.get(batch.partition);
    // A batch without records moves the position all the same: else timers would wait for it for ever, and it would look like lag.
    for (let from = 0; from === 0 || from < batch.records.length; from += SLICE_RECORDS) {
      if (slot === undefined || this.state !== 'running' || handle.isStale()) return;
      const records = batch.records.slice(from, from + SLICE_RECORDS);
      const following = batch.records[from + SLICE_RECORDS];
      try {
        const isBehind = following !== undefined || batch.nextOffset < batch.highWatermark;
        await slot.process(records, following?.offset ?? batch.nextOffset, isBehind);
      } catch (error) {
        this.taskFailed(batch.partition, slot, error);
      }
    }
    if (batch.records.length < BACKLOG_RECORDS) await new Promise((resolve) => setTimeout(resolve, REST_MS));
  }

  /** A task that is not ours any more may fail, fenced by its new owner: that is how a hand-over looks from the old one's side. */
  private taskFailed(partition: number, slot: TaskSlot | undefined, error: unknown): void {
    if (error instanceof FencedError) this.deps.metrics.transactions.inc({ outcome: 'fenced' });
    if (error instanceof TransactionFailedError) this.deps.metrics.transactions.inc({ outcome: 'failed' });
    if (slot !== undefined && this.slots.get(partition) === slot) this.fail(error);
    else this.deps.logger.info({ partition, reason: String(error) }, 'a revoked task ended');
  }

  private drop(partition: number): void {
    const slot = this.slots.get(partition);
    if (slot === undefined) return;
    this.slots.delete(partition);
    const closed = slot
      .close()
      .catch((error: unknown) => this.deps.logger.warn({ err: error, partition }, 'task did not close well'))
      .finally(() => this.closing.delete(closed));
    this.closing.add(closed);
  }

  private fail(error: unknown): void {
    if (this.state === 'failed' || this.state === 'stopped') return;
    this.state = 'failed';
    this.deps.onFailed(error);
  }
}
