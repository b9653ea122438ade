import type { Registry } from 'prom-client';
import { backoffMs, type BackoffOptions } from '../../infra/async/backoff.js';
import { sleep, systemClock, type Clock } from '../../infra/async/clock.js';
import type { CompressionType } from '../../infra/kafka/compression/codec.js';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import { GroupConsumer } from '../../infra/kafka/consume/group-consumer.js';
import { sharedGroupFault } from '../../infra/kafka/consume/group-readers.js';
import { OffsetReader } from '../../infra/kafka/consume/offset-reader.js';
import { PartitionReader } from '../../infra/kafka/consume/partition-reader.js';
import { FencedError } from '../../infra/kafka/transaction/errors.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { SubjectIds } from '../../infra/schema-registry/client.js';
import type { TopicNames } from '../../schemas/topics.js';
import { JoinMetrics } from './join-metrics.js';
import { KafkaPartitionLog } from './log/kafka-partition-log.js';
import { OutputEncoder } from './log/output-encoder.js';
import { maxValueBytes } from './log/size-limit.js';
import { ProgressMonitor } from './progress/progress-monitor.js';
import type { JoinRules } from './rules/rules.js';
import { UnknownStateVersionError } from './rules/state-codec.js';
import { RestoreProgress } from './task/restore-progress.js';
import { StreamMember } from './task/stream-member.js';
import { StreamTask } from './task/stream-task.js';
import { rootCause } from './task/task-error.js';

export type JoinRoleDeps = {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: TopicNames;
  readonly subjectIds: SubjectIds;
  readonly rules: JoinRules;
  /** Largest record that all topics accept. */
  readonly maxRecordBytes: number;
  /** How outputs and changelog are compressed. Default `none`. */
  readonly compression?: CompressionType;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly clock?: Clock;
  /** The role has failed for good: the process should exit non-zero, so that its supervisor restarts it. */
  readonly onFatal: (error: unknown) => void;
};

/** Delays before a failed member is replaced. Twelve of them take about two minutes, longer than an open transaction lives. */
const BACKOFF: BackoffOptions = { initialMs: 1_000, maxMs: 30_000 };
/** Consecutive failures, each within {@link HEALTHY_AFTER_MS} of a start, after which the role gives up. */
const MAX_FAILURES = 12;
const HEALTHY_AFTER_MS = 60_000;

/** The join of this process. It runs a {@link StreamMember}, and replaces it when it fails. */
export class JoinRole {
  private readonly clock: Clock;
  private readonly offsets: OffsetReader;
  private readonly changelogReader: PartitionReader;
  private readonly joinMetrics: JoinMetrics;
  private readonly encoder: OutputEncoder;
  private readonly monitor: ProgressMonitor;
  private member: StreamMember | undefined;
  private groupFault: string | undefined;
  private restarting: Promise<void> = Promise.resolve();
  private failures = 0;
  private startedAt = 0;
  private readonly stopping = new AbortController();

  constructor(private readonly deps: JoinRoleDeps) {
    const { kafka, topics, subjectIds, metrics, maxRecordBytes, clock = systemClock } = deps;
    this.clock = clock;
    this.offsets = new OffsetReader(kafka);
    this.changelogReader = new PartitionReader(kafka, topics.changelog);
    this.joinMetrics = new JoinMetrics(metrics, () => this.countSessions());
    this.encoder = new OutputEncoder(topics, subjectIds, maxValueBytes(maxRecordBytes));
    this.monitor = new ProgressMonitor({
      topic: topics.events,
      offsets: this.offsets,
      slots: () => this.member?.assignedSlots(),
      metrics: this.joinMetrics,
      clock,
      onStuck: (error) => this.deps.onFatal(error),
    });
  }

  async start(): Promise<void> {
    await this.offsets.start();
    await this.startMember();
    this.monitor.start();
  }

  /** The reason why the join is not ready; `undefined` when its partitions are restored and their records are being processed. */
  readinessFault(): string | undefined {
    if (this.member === undefined) return 'join is starting';
    return this.groupFault ?? this.member.readinessFault() ?? this.monitor.readinessFault();
  }

  /** Finishes the calls in progress, leaves the group and closes all connections. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.monitor.stop();
    await this.restarting;
    await this.member?.stop();
    this.changelogReader.stop();
    await this.offsets.close();
  }

  private async startMember(): Promise<void> {
    const { kafka, groupId, topics, logger } = this.deps;
    this.startedAt = this.clock.monotonic();
    this.member = new StreamMember({
      createConsumer: (handlers) =>
        new GroupConsumer(kafka, {
          groupId,
          topic: topics.events,
          startAt: 'seek',
          logger,
          onOthers: (read) => this.noteOthers(read),
          ...handlers,
        }),
      topic: topics.events,
      offsets: this.offsets,
      createTask: (partition) => this.createTask(partition),
      metrics: this.joinMetrics,
      logger,
      clock: this.clock,
      onFailed: (error) => {
        this.restarting = this.restart(error);
      },
    });
    await this.member.start();
  }

  private noteOthers(topics: readonly string[]): void {
    const { groupId, logger } = this.deps;
    const fault = topics.length === 0 ? undefined : sharedGroupFault(groupId, topics);
    if (fault !== undefined && fault !== this.groupFault) logger.error({ groupId, topics }, fault);
    this.groupFault = fault;
  }

  private createTask(partition: number): StreamTask {
    const { kafka, groupId, topics, rules, logger, maxRecordBytes: maxBatchBytes, compression = 'none' } = this.deps;
    const { changelogReader, encoder, joinMetrics: metrics, clock } = this;
    return new StreamTask(partition, {
      log: new KafkaPartitionLog(partition, { kafka, groupId, topics, changelogReader, maxBatchBytes, compression }),
      topics,
      rules,
      encoder,
      metrics,
      restoreProgress: new RestoreProgress(topics.changelog, partition, { metrics, logger, clock }),
      clock,
    });
  }

  private async restart(error: unknown): Promise<void> {
    const { logger, onFatal } = this.deps;
    const cause = rootCause(error);
    const isFenced = cause instanceof FencedError;
    this.joinMetrics.restarts.inc({ cause: isFenced ? 'fenced' : 'failed' });
    this.failures = this.clock.monotonic() - this.startedAt > HEALTHY_AFTER_MS ? 1 : this.failures + 1;
    logger.warn(
      { err: error, failures: this.failures },
      isFenced
        ? 'join was fenced by a newer owner of a partition: rejoining the consumer group'
        : 'join failed: rejoining the consumer group',
    );
    await this.member
      ?.stop()
      .catch((stopError: unknown) => logger.warn({ err: stopError }, 'error while stopping the failed join'));
    if (cause instanceof UnknownStateVersionError || this.failures > MAX_FAILURES) {
      onFatal(error);
      return;
    }
    await sleep(this.clock, backoffMs(BACKOFF, this.failures), this.stopping.signal);
    if (this.stopping.signal.aborted) return;
    await this.startMember().catch((startError: unknown) => {
      this.restarting = this.restart(startError);
    });
  }

  private countSessions() {
    const total = { open: 0, 'given-up': 0, 'awaiting-recording': 0, completed: 0 };
    for (const slot of this.member?.openSlots() ?? []) {
      for (const phase of Object.keys(total) as (keyof typeof total)[]) total[phase] += slot.counts[phase];
    }
    return total;
  }
}
