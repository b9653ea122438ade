import { sleep, type Clock } from '../../../infra/async/clock.js';
import type {
  BatchHandle,
  ConsumerHandlers,
  GroupConsumer,
  InputBatch,
} from '../../../infra/kafka/consume/group-consumer.js';
import type { OffsetReader } from '../../../infra/kafka/consume/offset-reader.js';
import { FencedError, TransactionFailedError } from '../../../infra/kafka/transaction/errors.js';
import type { Logger } from '../../../infra/observability/logger.js';
import type { JoinMetrics } from '../join-metrics.js';
import { Punctuator } from './punctuator.js';
import type { StreamTask } from './stream-task.js';
import { TaskError } from './task-error.js';
import { TaskSlot } from './task-slot.js';

export type StreamMemberDeps = {
  /** Creates a member of the join's consumer group on `topic` that reads each partition from where `seek` says. */
  readonly createConsumer: (handlers: ConsumerHandlers) => TaskConsumer;
  readonly topic: string;
  readonly offsets: OffsetReader;
  readonly createTask: (partition: number) => StreamTask;
  readonly metrics: JoinMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Called once: the member has failed. Stop it. */
  readonly onFailed: (error: unknown) => void;
};

export type TaskConsumer = Pick<GroupConsumer, 'start' | 'stop' | 'seek'>;

/** Records processed between two checks whether the batch is stale. */
const SLICE_RECORDS = 1_000;
/**
 * Pause of a partition after a small batch, so that its next transaction has more to carry: a transaction costs the brokers as much
 * with one record as with a thousand. A batch of a backlog is followed by no pause.
 */
const REST_MS = 5;
const MIN_BACKLOG_RECORDS = 500;

/**
 * A member of the join's consumer group, with a task for each assigned partition.
 *
 * It lives until something fails. Then it is discarded as a whole, membership included: a failed task leaves in doubt who owns the
 * partition and what was committed, and only a new assignment answers that.
 */
export class StreamMember {
  private readonly slots = new Map<number, TaskSlot>();
  private readonly closing = new Set<Promise<void>>();
  private readonly consumer: TaskConsumer;
  private readonly punctuator: Punctuator;
  private state: 'joining' | 'running' | 'failed' | 'stopped' = 'joining';

  constructor(private readonly deps: StreamMemberDeps) {
    const { topic, offsets, logger, clock } = deps;
    this.consumer = deps.createConsumer({
      onAssigned: (partitions) => this.assign(partitions),
      onBatch: this.processBatch,
      onCrash: (error) => this.fail(error),
    });
    this.punctuator = new Punctuator({
      topic,
      offsets,
      slots: () => this.slots,
      clock,
      onTaskFailed: (partition, error) => this.taskFailed(partition, this.slots.get(partition), error),
      onUnavailable: (error) =>
        logger.warn({ err: error, topic }, 'could not read the end of the topic: join timers wait, retrying'),
    });
  }

  async start(): Promise<void> {
    await this.consumer.start();
    this.punctuator.start();
  }

  /** Finishes the calls in progress, leaves the group and closes the tasks. */
  async stop(): Promise<void> {
    if (this.state !== 'failed') this.state = 'stopped';
    await this.punctuator.stop();
    await this.consumer.stop();
    for (const partition of [...this.slots.keys()]) this.drop(partition);
    await Promise.allSettled(this.closing);
  }

  /** The reason why the member is not ready; `undefined` when every assigned partition is restored and being processed. */
  readinessFault(): string | undefined {
    if (this.state !== 'running') return `join is ${this.state}`;
    const opening = [...this.slots].filter(([, slot]) => !slot.isOpen).map(([partition]) => partition);
    return opening.length === 0 ? undefined : `join restores partitions ${opening.join(', ')}`;
  }

  /** The slots whose task is restored and has not failed. The memory of a spoilt task means nothing. */
  openSlots(): readonly TaskSlot[] {
    return [...this.slots.values()].filter(({ isOpen }) => isOpen);
  }

  /** The slots of the assigned partitions; `undefined` while there is no assignment. */
  assignedSlots(): ReadonlyMap<number, TaskSlot> | undefined {
    return this.state === 'running' ? this.slots : undefined;
  }

  private assign(partitions: readonly number[]): void {
    const { logger, metrics, topic, createTask } = this.deps;
    if (this.state === 'joining') this.state = 'running';
    if (this.state !== 'running') return;
    metrics.rebalances.inc();
    const revoked = [...this.slots.keys()].filter((partition) => !partitions.includes(partition));
    logger.info({ topic, partitions, revoked }, 'join partitions assigned');
    for (const partition of revoked) this.drop(partition);
    for (const partition of partitions) {
      const kept = this.slots.get(partition);
      if (kept?.isOpen) this.resume(partition, kept);
      if (kept !== undefined) continue;
      const slot: TaskSlot = new TaskSlot(
        createTask(partition),
        () => this.resume(partition, slot),
        (error) => this.taskFailed(partition, slot, error),
      );
      this.slots.set(partition, slot);
    }
  }

  /**
   * Continues with a task whose partition another member may have owned meanwhile, unnoticed, while the task was open or opening.
   * The records that the other owner processed arrive here again. If it committed anything, our commit is fenced. Without this
   * commit an idle partition would keep an outdated state until its next timer.
   */
  private resume(partition: number, slot: TaskSlot): void {
    this.seek(partition, slot);
    slot.run((task) => task.commit()).catch((error: unknown) => this.taskFailed(partition, slot, error));
  }

  /**
   * Seeks to the task's own position, not to the group's offset, which another owner may have moved since the task read it. The records
   * that the other owner processed then arrive here too, and their commit is fenced. From the group's offset they would not: the task
   * would wait with an outdated state, and the timers of new sessions would wait with it.
   */
  private seek(partition: number, slot: TaskSlot): void {
    const { offsets, topic } = this.deps;
    const seekTo = (offset: number | undefined): void => {
      const isAssigned = this.state === 'running' && this.slots.get(partition) === slot;
      if (isAssigned && offset !== undefined) this.consumer.seek(partition, offset);
    };
    if (slot.nextOffset !== undefined) {
      seekTo(slot.nextOffset);
      return;
    }
    // A partition without a leader has no bounds. Once it can be read, its reader finds the first offset itself.
    offsets
      .bounds(topic)
      .then((bounds) => seekTo(bounds.get(partition)?.low ?? 0))
      .catch((error: unknown) => this.taskFailed(partition, slot, error));
  }

  private readonly processBatch = async (batch: InputBatch, handle: BatchHandle): Promise<void> => {
    const slot = this.slots.get(batch.partition);
    // A batch without records moves the position, too: otherwise timers would wait for it forever, and it would look like lag.
    for (let from = 0; from === 0 || from < batch.records.length; from += SLICE_RECORDS) {
      if (slot === undefined || this.state !== 'running' || handle.isStale()) return;
      const records = batch.records.slice(from, from + SLICE_RECORDS);
      const following = batch.records[from + SLICE_RECORDS];
      try {
        const isBehind = following !== undefined || batch.nextOffset < batch.highWatermark;
        await slot.run((task) => task.process(records, following?.offset ?? batch.nextOffset, isBehind));
      } catch (error) {
        this.taskFailed(batch.partition, slot, error);
      }
    }
    if (batch.records.length < MIN_BACKLOG_RECORDS) await sleep(this.deps.clock, REST_MS);
  };

  /** A task whose partition was revoked may fail, fenced by the new owner. That is part of a normal hand-over. */
  private taskFailed(partition: number, slot: TaskSlot | undefined, cause: unknown): void {
    const { logger, metrics, topic } = this.deps;
    if (cause instanceof FencedError) metrics.transactions.inc({ outcome: 'fenced' });
    if (cause instanceof TransactionFailedError) metrics.transactions.inc({ outcome: 'failed' });
    const error = cause instanceof TaskError ? cause : new TaskError(topic, partition, slot?.currentOffset, cause);
    if (slot !== undefined && this.slots.get(partition) === slot) this.fail(error);
    else logger.info({ topic, partition, reason: error.message }, 'the task of a revoked partition ended');
  }

  private drop(partition: number): void {
    const { logger, topic } = this.deps;
    const slot = this.slots.get(partition);
    if (slot === undefined) return;
    this.slots.delete(partition);
    const closed = slot
      .close()
      .catch((error: unknown) =>
        logger.warn({ err: error, topic, partition, offset: slot.currentOffset }, 'error while closing a join task'),
      )
      .finally(() => this.closing.delete(closed));
    this.closing.add(closed);
  }

  private fail(error: unknown): void {
    if (this.state === 'failed' || this.state === 'stopped') return;
    this.state = 'failed';
    this.deps.onFailed(error);
  }
}
