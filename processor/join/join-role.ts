import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import { FencedError } from '../../infra/kafka/transaction/errors.js';
import { GroupConsumer } from '../../infra/kafka/consume/group-consumer.js';
import { OffsetReader } from '../../infra/kafka/consume/offset-reader.js';
import { PartitionReader } from '../../infra/kafka/consume/partition-reader.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { SchemaRegistryClient, SubjectIds } from '../../infra/schema-registry/client.js';
import type { TopicNames } from '../../schemas/topics.js';
import type { JoinRules } from './rules/rules.js';
import { UnknownStateVersionError } from './rules/state-codec.js';
import { JoinMetrics } from './join-metrics.js';
import { KafkaPartitionLog } from './log/kafka-partition-log.js';
import { OutputEncoder } from './log/output-encoder.js';
import { ProgressMonitor } from './progress/progress-monitor.js';
import { RestoreProgress } from './task/restore-progress.js';
import { SchemaIds } from './log/schema-ids.js';
import { maxValueBytes } from './log/size-limit.js';
import { StreamTask } from './task/stream-task.js';
import { StreamThread } from './task/stream-member.js';

export type JoinRoleDeps = {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: TopicNames;
  readonly subjectIds: SubjectIds;
  readonly schemaRegistry: SchemaRegistryClient;
  readonly rules: JoinRules;
  /** That all topics take. */
  readonly maxRecordBytes: number;
  readonly logger: Logger;
  readonly metrics: Registry;
  /** The role cannot go on: the process should exit non-zero and let its supervisor start it again. */
  readonly onFatal: (error: unknown) => void;
};

const BACKOFF_MS = { first: 500, most: 15_000 };
/** Failures in a row, none of them followed by a minute of health, after which starting anew does not help. */
const MAX_FAILURES = 12;
const HEALTHY_AFTER_MS = 60_000;

/** The join of this process: it runs a {@link StreamThread}, and starts a new one when it fails. */
export class JoinRole {
  private readonly offsets: OffsetReader;
  private readonly changelogReader: PartitionReader;
  private readonly joinMetrics: JoinMetrics;
  private readonly encoder: OutputEncoder;
  private readonly schemaIds: SchemaIds;
  private readonly monitor: ProgressMonitor;
  private thread: StreamThread | undefined;
  private restarting: Promise<void> = Promise.resolve();
  private failures = 0;
  private startedAt = 0;
  private readonly stopping = new AbortController();

  constructor(private readonly deps: JoinRoleDeps) {
    const { kafka, topics, subjectIds, schemaRegistry, logger, metrics, maxRecordBytes } = deps;
    this.offsets = new OffsetReader(kafka);
    this.changelogReader = new PartitionReader(kafka, topics.changelog);
    this.joinMetrics = new JoinMetrics(metrics, () => this.countSessions());
    this.encoder = new OutputEncoder(topics, subjectIds, maxValueBytes(maxRecordBytes));
    this.schemaIds = new SchemaIds(Object.values(subjectIds), schemaRegistry, logger);
    this.monitor = new ProgressMonitor({
      topic: topics.events,
      offsets: this.offsets,
      slots: () => this.thread?.assignedSlots(),
      waitsFor: () => (this.schemaIds.isWaiting ? 'the schema registry' : undefined),
      metrics: this.joinMetrics,
      monotonicMs: () => performance.now(),
      onStuck: (error) => this.deps.onFatal(error),
    });
  }

  async start(): Promise<void> {
    await this.offsets.start();
    await this.startThread();
    this.monitor.start();
  }

  /** `undefined` when the partitions that are ours are restored, and what waits in them is being processed. */
  readinessFault(): string | undefined {
    if (this.thread === undefined) return 'join is starting';
    return this.thread.notReady() ?? this.monitor.notReady();
  }

  /** Finishes what is being processed, leaves the group and closes all connections. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.monitor.stop();
    await this.restarting;
    await this.thread?.stop();
    this.changelogReader.stop();
    await this.offsets.close();
  }

  private async startThread(): Promise<void> {
    const { kafka, groupId, topics, logger } = this.deps;
    this.startedAt = performance.now();
    this.thread = new StreamThread({
      createConsumer: (handlers) =>
        new GroupConsumer(kafka, { groupId, topic: topics.events, startAt: 'seek', ...handlers }),
      topic: topics.events,
      offsets: this.offsets,
      createTask: (partition) => this.createTask(partition),
      metrics: this.joinMetrics,
      logger,
      onFailed: (error) => {
        this.restarting = this.restart(error);
      },
    });
    await this.thread.start();
  }

  private createTask(partition: number): StreamTask {
    const { kafka, groupId, topics, rules, logger, maxRecordBytes } = this.deps;
    const monotonicMs = (): number => performance.now();
    return new StreamTask(partition, {
      log: new KafkaPartitionLog(partition, {
        kafka,
        groupId,
        topics,
        changelogReader: this.changelogReader,
        maxBatchBytes: maxRecordBytes,
      }),
      rules,
      encoder: this.encoder,
      schemaIds: this.schemaIds,
      metrics: this.joinMetrics,
      restoreProgress: new RestoreProgress(partition, this.joinMetrics, logger, monotonicMs),
      monotonicMs,
    });
  }

  private async restart(error: unknown): Promise<void> {
    const { logger, onFatal } = this.deps;
    const fenced = error instanceof FencedError;
    this.joinMetrics.restarts.inc({ cause: fenced ? 'fenced' : 'failed' });
    this.failures = performance.now() - this.startedAt > HEALTHY_AFTER_MS ? 1 : this.failures + 1;
    logger.warn(
      { err: error, failures: this.failures },
      fenced ? 'fenced by a newer owner, joining anew' : 'join failed, joining anew',
    );
    await this.thread
      ?.stop()
      .catch((cause: unknown) => logger.warn({ err: cause }, 'the failed join did not stop well'));
    if (error instanceof UnknownStateVersionError || this.failures > MAX_FAILURES) {
      onFatal(error);
      return;
    }
    try {
      await delay(Math.min(BACKOFF_MS.first * 2 ** (this.failures - 1), BACKOFF_MS.most), undefined, {
        signal: this.stopping.signal,
      });
    } catch {
      return;
    }
    await this.startThread().catch((cause: unknown) => {
      this.restarting = this.restart(cause);
    });
  }

  private countSessions() {
    const total = { open: 0, 'given-up': 0, 'awaiting-recording': 0, completed: 0 };
    for (const slot of this.thread?.openSlots() ?? []) {
      for (const phase of Object.keys(total) as (keyof typeof total)[]) total[phase] += slot.counts[phase];
    }
    return total;
  }
}
