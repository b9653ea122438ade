import type { Registry } from 'prom-client';
import { systemClock, type Clock } from '../../infra/async/clock.js';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import { EventProducer } from '../../infra/kafka/produce/event-producer.js';
import { produceSessions } from '../../infra/kafka/produce/produce-session.js';
import { MinioObjectStore } from '../../infra/object-store/minio-object-store.js';
import type { ObjectStore } from '../../infra/object-store/object-store.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { SubjectIds } from '../../infra/schema-registry/client.js';
import type { CommonSettings } from '../../infra/settings/common.js';
import type { TopicNames } from '../../schemas/topics.js';
import { ArchiveMetrics } from './archive-metrics.js';
import { ArchiveConsumer } from './intake/archive-consumer.js';
import { Intake } from './intake/intake.js';
import { Leases } from './intake/lease.js';
import type { ArchivePipeline } from './pipeline/archive-pipeline.js';
import { assemblePipeline } from './pipeline/assemble-pipeline.js';
import { DeadlineWatch } from './pipeline/deadline-watch.js';
import { objectProtection, objectStoreCredentials, spillDir, type ArchiveSettings } from './settings.js';
import { openHttpSource } from './source/http-source.js';
import { systemResolve } from './source/link-guard.js';
import { RegularTidying } from './spill/regular-tidying.js';
import { SpillDirectory } from './spill/spill-directory.js';
import { BucketGate } from './store/bucket-gate.js';

export type ArchiveRoleDeps = {
  readonly kafka: Kafka;
  readonly topics: TopicNames;
  readonly subjectIds: Pick<SubjectIds, 'events'>;
  /** The archive's own consumer group is `<PROCESSOR_GROUP_ID>-archive`. */
  readonly settings: ArchiveSettings &
    Partial<Pick<CommonSettings, 'KAFKA_COMPRESSION'>> & { readonly PROCESSOR_GROUP_ID: string };
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Called when nothing is pending and the role cannot read on: exit non-zero, so that the supervisor restarts the process. */
  readonly onFatal: (error: unknown) => void;
  readonly clock?: Clock;
};

/**
 * Reading pauses above either limit, and resumes below half of it. A link takes memory, and behind thousands of others it would
 * expire before its turn.
 */
const MAX_UNFETCHED = 10_000;
/** Higher, because a recording on disk takes little memory and must not keep the links of others from being read. */
const MAX_PENDING = 100_000;
/** Failures of the consumer in a row that an idle process tolerates. */
const MAX_FAILURES = 12;
/** Delivery timeout of an outcome, which is then sent again. Bounds the duration of a stop. */
const REPORT_TIMEOUT_MS = 10_000;
/** Remaining share of a link's lifetime below which a warning is logged. */
const WARN_SHARE = 0.2;
/** Interval between two tidyings of the spill directory, in link lifetimes. */
const TIDY_INTERVAL_LIFETIMES = 2;
/** How long a process of another host may show no sign of life before its folder counts as abandoned, in link lifetimes. */
const MAX_SILENCE_LIFETIMES = 8;

/** The archive in this process: from `recording.ready` in the log to an object in the object store and its outcome in the log. */
export class ArchiveRole {
  private readonly leases = new Leases();
  private readonly clock: Clock;
  private readonly spills: SpillDirectory;
  private readonly tidying: RegularTidying;
  private readonly producer: EventProducer;
  private readonly bucket: BucketGate;
  private readonly pipeline: ArchivePipeline;
  private readonly deadlines: DeadlineWatch;
  private readonly consumer: ArchiveConsumer;

  constructor(private readonly deps: ArchiveRoleDeps) {
    const { kafka, topics, subjectIds, settings, logger, clock = systemClock } = deps;
    const { ARCHIVE_URL_LIFETIME_MS: linkLifetimeMs, ARCHIVE_SPILL_KEEP_MS: spillKeepMs } = settings;
    this.clock = clock;
    const objectStore = minioObjectStore(settings);
    this.spills = new SpillDirectory({
      root: spillDir(settings, topics.events),
      maxSilenceMs: MAX_SILENCE_LIFETIMES * linkLifetimeMs,
      keepMs: spillKeepMs,
      clock,
    });
    this.tidying = new RegularTidying(this.spills, TIDY_INTERVAL_LIFETIMES * linkLifetimeMs, clock, logger);
    this.producer = new EventProducer({
      open: produceSessions(kafka, { compression: settings.KAFKA_COMPRESSION ?? 'none' }),
      topic: topics.events,
      name: 'archive',
      logger,
      deliveryTimeoutMs: REPORT_TIMEOUT_MS,
    });
    this.bucket = new BucketGate({ objectStore, bucket: settings.S3_BUCKET, clock, logger });
    this.pipeline = assemblePipeline({
      settings,
      objectStore,
      spills: this.spills,
      sender: this.producer,
      schemaId: subjectIds.events,
      resolve: systemResolve,
      open: openHttpSource,
      clock,
      metrics: new ArchiveMetrics(deps.metrics, () => this.pipeline.gauges()),
      logger,
      onLoadReduced: () => this.resumeIfRelieved(),
    });
    this.deadlines = new DeadlineWatch(
      { fetchTasks: () => this.pipeline.fetchTasks(), clock, logger },
      linkLifetimeMs * WARN_SHARE,
    );
    this.consumer = this.createConsumer(
      new Intake(
        { leases: this.leases, accept: (job, link, isNew) => this.pipeline.accept(job, link, isNew) },
        { linkLifetimeMs, spillKeepMs },
      ),
    );
  }

  /** Waits neither for Kafka nor for the object store. @throws Error if the spill directory is not writable. */
  async start(): Promise<void> {
    await this.spills.open();
    this.tidying.start();
    this.producer.start();
    this.bucket.start();
    this.deadlines.start();
    await this.consumer.start();
  }

  /** Why the role is not ready; `undefined` once it reads recordings and the object store has answered. */
  readinessFault(): string | undefined {
    return this.consumer.readinessFault() ?? this.bucket.readinessFault();
  }

  /** Aborts transfers, publishes the outcomes that are known, commits, and leaves the group. */
  async stop(): Promise<void> {
    this.deadlines.stop();
    await this.tidying.stop();
    await this.bucket.stop();
    await this.pipeline.stop();
    await this.consumer.stop();
    await this.producer.close();
    await this.spills.close();
  }

  private createConsumer(intake: Intake): ArchiveConsumer {
    const { kafka, topics, settings, logger, onFatal } = this.deps;
    return new ArchiveConsumer({
      kafka,
      groupId: `${settings.PROCESSOR_GROUP_ID}-archive`,
      topic: topics.events,
      leases: this.leases,
      clock: this.clock,
      logger,
      onAssigned: () => {
        this.pipeline.dropRevoked();
        this.resumeIfRelieved();
      },
      onBatch: (batch) => {
        intake.process(batch);
        if (this.isLoaded(1)) this.consumer.setPaused(true);
      },
      // Stay while recordings are pending: they can still be archived.
      onFailing: (error, failures) => {
        if (failures > MAX_FAILURES && this.pipeline.pending === 0) onFatal(error);
      },
    });
  }

  private resumeIfRelieved(): void {
    if (this.consumer.isPaused && !this.isLoaded(0.5)) this.consumer.setPaused(false);
  }

  /** Whether the given share of either limit is reached. */
  private isLoaded(share: number): boolean {
    const { unfetched, pending } = this.pipeline;
    return unfetched >= MAX_UNFETCHED * share || pending >= MAX_PENDING * share;
  }
}

function minioObjectStore(settings: ArchiveSettings): ObjectStore {
  return new MinioObjectStore({
    endpoint: settings.S3_ENDPOINT,
    region: settings.S3_REGION,
    bucket: settings.S3_BUCKET,
    pathStyle: settings.S3_PATH_STYLE,
    protection: objectProtection(settings),
    keys: () => objectStoreCredentials(settings),
  });
}
