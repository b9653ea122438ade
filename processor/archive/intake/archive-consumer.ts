import type { Kafka } from '../../../infra/kafka/connection/client.js';
import { GroupConsumer, type InputBatch } from '../../../infra/kafka/consume/group-consumer.js';
import type { Logger } from '../../../infra/observability/logger.js';
import { deadlineBackoffMs } from '../../../infra/async/backoff.js';
import type { Clock } from '../../../infra/async/clock.js';
import type { Leases } from './lease.js';

export type ArchiveConsumerOptions = {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topic: string;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly logger: Logger;
  /** After each rebalance, when `leases` is up to date. */
  readonly onAssigned: () => void;
  readonly onBatch: (batch: InputBatch) => void;
  /** Called when it failed this many times in a row; it goes on trying nevertheless. */
  readonly onFailing: (error: Error, failures: number) => void;
};

const COMMIT_EVERY_MS = 1_000;
const BACKOFF = { initialMs: 500, maxMs: 15_000 };

/**
 * Reads the archive's partitions, for ever: when the consumer dies it makes a new one, while recordings that were read go on.
 * Commits the positions of `leases` about once a second, and at the end.
 */
export class ArchiveConsumer {
  private consumer: GroupConsumer | undefined;
  private joined = false;
  private paused = false;
  private stopped = false;
  private failures = 0;
  private callOffCommit: () => void = () => undefined;
  private callOffRestart: () => void = () => undefined;
  private opening: Promise<void> = Promise.resolve();
  private committing: Promise<void> = Promise.resolve();

  constructor(private readonly options: ArchiveConsumerOptions) {}

  /**
   * Resolves after the first try to read. When that fails others follow, as they do later on: while a fresh broker loads its
   * coordinator, kafkajs lets the join fail.
   */
  async start(): Promise<void> {
    this.commitLater();
    this.opening = this.open();
    await this.opening;
  }

  get hasJoined(): boolean {
    return this.joined;
  }

  /** Stops reading while there is too much to do; what was fetched already still comes. */
  setPaused(paused: boolean): void {
    if (paused === this.paused) return;
    this.paused = paused;
    this.applyPause();
  }

  get isPaused(): boolean {
    return this.paused;
  }

  /** Commits a last time and leaves the group. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.callOffCommit();
    this.callOffRestart();
    await Promise.all([this.opening, this.committing]);
    await this.commit();
    await this.consumer?.stop().catch(() => undefined);
  }

  private async open(): Promise<void> {
    const { kafka, groupId, topic, onBatch } = this.options;
    const consumer: GroupConsumer = new GroupConsumer(kafka, {
      groupId,
      topic,
      startAt: 'committed',
      onAssigned: (partitions) => this.assigned(consumer, partitions),
      onBatch: (batch) => {
        onBatch(batch);
        return Promise.resolve();
      },
      onCrash: (error) => this.failed(consumer, error),
    });
    this.consumer = consumer;
    await consumer.start().catch((error: unknown) => this.failed(consumer, error as Error));
  }

  private assigned(consumer: GroupConsumer, partitions: readonly number[]): void {
    if (consumer !== this.consumer) return;
    this.joined = true;
    this.failures = 0;
    this.options.leases.assign(partitions);
    this.applyPause();
    this.options.onAssigned();
  }

  /** One consumer may say more than once that it failed. */
  private failed(consumer: GroupConsumer, error: Error): void {
    const { logger, clock, onFailing } = this.options;
    if (consumer !== this.consumer) return;
    this.consumer = undefined;
    this.joined = false;
    this.failures += 1;
    logger.warn({ err: error, failures: this.failures }, 'the archive consumer died, making a new one');
    onFailing(error, this.failures);
    const closed = consumer.stop().catch(() => undefined);
    this.callOffRestart = clock.after(deadlineBackoffMs(BACKOFF, this.failures, Infinity, Math.random()), () => {
      this.opening = closed.then(() => (this.stopped ? undefined : this.open()));
    });
  }

  private applyPause(): void {
    const { partitions } = this.options.leases;
    if (this.paused) this.consumer?.pause(partitions);
    else this.consumer?.resume(partitions);
  }

  private commitLater(): void {
    this.callOffCommit = this.options.clock.after(COMMIT_EVERY_MS, () => {
      this.committing = this.commit().finally(() => {
        if (!this.stopped) this.commitLater();
      });
    });
  }

  private async commit(): Promise<void> {
    const { leases, logger } = this.options;
    const positions = leases.uncommitted();
    if (positions.size === 0 || !this.joined) return;
    try {
      await this.consumer?.commit(positions);
      leases.noteCommitted(positions);
    } catch (error) {
      // A rebalance, or Kafka is away: the next time tells. Not committed only means read again.
      logger.debug({ err: error }, 'positions of the archive are not committed');
    }
  }
}
