import { Backoff } from '../../../infra/async/backoff.js';
import type { Cancel, Clock } from '../../../infra/async/clock.js';
import type { Kafka } from '../../../infra/kafka/connection/client.js';
import { GroupConsumer, type InputBatch } from '../../../infra/kafka/consume/group-consumer.js';
import { sharedGroupFault } from '../../../infra/kafka/consume/group-readers.js';
import type { Logger } from '../../../infra/observability/logger.js';
import type { Leases } from './lease.js';

export type ArchiveConsumerDeps = {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topic: string;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after each rebalance, when `leases` is up to date. */
  readonly onAssigned: () => void;
  readonly onBatch: (batch: InputBatch) => void;
  /** Called after each failure with the number of failures in a row. The consumer retries nevertheless. */
  readonly onFailing: (error: Error, failures: number) => void;
};

const COMMIT_INTERVAL_MS = 1_000;
const BACKOFF = { initialMs: 500, maxMs: 15_000 };

/**
 * Reads the archive's partitions forever. When its group consumer fails, replaces it; recordings that were read before continue.
 * Commits the positions of `leases` about once a second and when it stops.
 */
export class ArchiveConsumer {
  private consumer: GroupConsumer | undefined;
  private joined = false;
  private sharing: string | undefined;
  private paused = false;
  private stopped = false;
  private failures = 0;
  private readonly backoff = new Backoff(BACKOFF);
  private cancelCommit: Cancel = () => undefined;
  private cancelRestart: Cancel = () => undefined;
  private opening: Promise<void> = Promise.resolve();
  private committing: Promise<void> = Promise.resolve();

  constructor(private readonly deps: ArchiveConsumerDeps) {}

  /**
   * Resolves after the first attempt to join the group. If it fails, further attempts follow in the background: kafkajs rejects a join
   * while a broker that has just started loads its coordinator.
   */
  async start(): Promise<void> {
    this.scheduleCommit();
    this.opening = this.open();
    await this.opening;
  }

  /** Why recordings may not be read; `undefined` while this is a member of a group that nobody else uses. */
  readinessFault(): string | undefined {
    return this.joined ? this.sharing : 'archive has not joined its consumer group';
  }

  /** Pauses or resumes reading. Batches that were fetched before a pause still arrive. */
  setPaused(paused: boolean): void {
    if (paused === this.paused) return;
    this.paused = paused;
    this.applyPause();
  }

  get isPaused(): boolean {
    return this.paused;
  }

  /** Commits once more and leaves the group. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelCommit();
    this.cancelRestart();
    await Promise.all([this.opening, this.committing]);
    await this.commit();
    await this.consumer?.stop().catch(() => undefined);
  }

  private async open(): Promise<void> {
    const { kafka, groupId, topic, onBatch, logger } = this.deps;
    const consumer: GroupConsumer = new GroupConsumer(kafka, {
      groupId,
      topic,
      startAt: 'committed',
      logger,
      onAssigned: (partitions) => this.assigned(consumer, partitions),
      onOthers: (read) => this.noteOthers(consumer, read),
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
    this.backoff.reset();
    this.deps.leases.assign(partitions);
    this.applyPause();
    this.deps.onAssigned();
  }

  private noteOthers(consumer: GroupConsumer, topics: readonly string[]): void {
    const { groupId, logger } = this.deps;
    if (consumer !== this.consumer) return;
    const fault = topics.length === 0 ? undefined : sharedGroupFault(groupId, topics);
    if (fault !== undefined && fault !== this.sharing) logger.error({ groupId, topics }, fault);
    this.sharing = fault;
  }

  /** Replaces the consumer. A consumer may report its failure more than once. */
  private failed(consumer: GroupConsumer, error: Error): void {
    const { topic, groupId, logger, clock, onFailing } = this.deps;
    if (consumer !== this.consumer) return;
    this.consumer = undefined;
    this.joined = false;
    this.failures += 1;
    const retryInMs = Math.round(this.backoff.nextMs());
    logger.warn(
      { topic, groupId, failures: this.failures, retryInMs, err: error },
      'archive consumer failed and reads no new recordings; restarting it (recordings already read continue)',
    );
    onFailing(error, this.failures);
    const closed = consumer.stop().catch(() => undefined);
    this.cancelRestart = clock.after(retryInMs, () => {
      this.opening = closed.then(() => (this.stopped ? undefined : this.open()));
    });
  }

  private applyPause(): void {
    const { partitions } = this.deps.leases;
    if (this.paused) this.consumer?.pause(partitions);
    else this.consumer?.resume(partitions);
  }

  private scheduleCommit(): void {
    this.cancelCommit = this.deps.clock.after(COMMIT_INTERVAL_MS, () => {
      this.committing = this.commit().finally(() => {
        if (!this.stopped) this.scheduleCommit();
      });
    });
  }

  private async commit(): Promise<void> {
    const { leases, topic, groupId, logger } = this.deps;
    const positions = leases.uncommitted();
    if (positions.size === 0 || !this.joined) return;
    try {
      await this.consumer?.commit(positions);
      leases.noteCommitted(positions);
    } catch (error) {
      // Common during a rebalance or an outage. Uncommitted records are only read again.
      logger.debug(
        { topic, groupId, partitions: [...positions.keys()], err: error },
        'could not commit the archive offsets; retrying within about a second',
      );
    }
  }
}
