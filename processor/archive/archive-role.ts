import type { Registry } from 'prom-client';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import { EventProducer } from '../../infra/kafka/produce/event-producer.js';
import { produceSessions } from '../../infra/kafka/produce/produce-session.js';
import { MinioObjectStore } from '../../infra/object-store/minio-object-store.js';
import type { ObjectStore } from '../../infra/object-store/object-store.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { SubjectIds } from '../../infra/schema-registry/client.js';
import type { TopicNames } from '../../schemas/topics.js';
import { ArchiveConsumer } from './intake/archive-consumer.js';
import { ArchiveMetrics } from './archive-metrics.js';
import type { ArchivePipeline } from './pipeline/archive-pipeline.js';
import { assemblePipeline } from './pipeline/assemble-pipeline.js';
import { BucketGate } from './store/bucket-gate.js';
import { systemClock, type Clock } from '../../infra/async/clock.js';
import { warnOfDeadlines } from './pipeline/deadline-warnings.js';
import { Intake } from './intake/intake.js';
import { Leases } from './intake/lease.js';
import { objectProtection, spillDir, storeCredentials, type ArchiveSettings } from './settings.js';
import { openHttpSource, type OpenSource } from './source/http-source.js';
import { systemResolve, type Resolve } from './source/link-guard.js';
import { RegularTidying } from './spill/regular-tidying.js';
import { SpillDirectory } from './spill/spill-directory.js';

export type ArchiveRoleDeps = {
  readonly kafka: Kafka;
  readonly topics: TopicNames;
  readonly subjectIds: SubjectIds;
  /** The archive's own consumer group is `<PROCESSOR_GROUP_ID>-archive`. */
  readonly settings: ArchiveSettings & { readonly PROCESSOR_GROUP_ID: string };
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Nothing is pending and the role cannot read on: the process should exit non-zero and let its supervisor start it again. */
  readonly onFatal: (error: unknown) => void;
  /** Replaced in tests only. */
  readonly outside?: { readonly resolve?: Resolve; readonly open?: OpenSource; readonly store?: ObjectStore };
};

/** Above either reading pauses until half of it is done. A link takes memory, and thousands before it would let it die. */
const MAX_UNFETCHED = 10_000;
/** Who waits on disk for a store that is away takes little, and must not keep the links of others waiting. */
const MAX_PENDING = 100_000;
const MAX_FAILURES = 12;
/** An outcome that Kafka has not taken by then is sent again; bounds how long a stop may take. */
const REPORT_TIMEOUT_MS = 10_000;
const WATCH_EVERY_MS = 1_000;
/** A warning that a link will die comes when it has this share of its life left. */
const WARN_SHARE = 0.2;
/** Of a link's life: how often the spill folder is tidied, and how long a process is silent there before it counts as gone. */
const TIDY_LIVES = 2;
const SILENT_LIVES = 8;

/** The archive of this process: from `recording.ready` in the log to an object in the store and its outcome in the log. */
export class ArchiveRole {
  private readonly leases = new Leases();
  private readonly clock: Clock = systemClock;
  private readonly spills: SpillDirectory;
  private readonly tidying: RegularTidying;
  private readonly producer: EventProducer;
  private readonly bucket: BucketGate;
  private readonly pipeline: ArchivePipeline;
  private readonly consumer: ArchiveConsumer;
  private callOffWatch: () => void = () => undefined;

  constructor(private readonly deps: ArchiveRoleDeps) {
    const { kafka, topics, settings, logger, onFatal } = deps;
    const { clock, leases } = this;
    const store = deps.outside?.store ?? minioStore(settings);
    const { ARCHIVE_URL_LIFETIME_MS: linkLifetimeMs, ARCHIVE_SPILL_KEEP_MS: spillKeepMs } = settings;
    this.spills = new SpillDirectory({
      root: spillDir(settings, topics.events),
      silentMs: SILENT_LIVES * linkLifetimeMs,
      keepMs: spillKeepMs,
    });
    this.tidying = new RegularTidying(this.spills, TIDY_LIVES * linkLifetimeMs, clock, logger);
    this.producer = new EventProducer({
      open: produceSessions(kafka),
      topic: topics.events,
      name: 'archive',
      logger,
      deliveryTimeoutMs: REPORT_TIMEOUT_MS,
    });
    this.bucket = new BucketGate(store, clock, logger);
    const metrics = new ArchiveMetrics(deps.metrics, () => this.pipeline.gauges());
    this.pipeline = assemblePipeline({
      settings,
      store,
      spills: this.spills,
      sender: this.producer,
      schemaId: deps.subjectIds.events,
      resolve: deps.outside?.resolve ?? systemResolve,
      open: deps.outside?.open ?? openHttpSource,
      clock,
      metrics,
      logger,
      onRelief: () => this.readOnIfRelieved(),
    });
    const intake = new Intake(leases, this.pipeline, { linkLifetimeMs, spillKeepMs });
    this.consumer = new ArchiveConsumer({
      kafka,
      groupId: `${settings.PROCESSOR_GROUP_ID}-archive`,
      topic: topics.events,
      leases,
      clock,
      logger,
      onAssigned: () => {
        this.pipeline.dropRevoked();
        this.readOnIfRelieved();
      },
      onBatch: (batch) => {
        intake.take(batch);
        if (this.isFull(1)) this.consumer.setPaused(true);
      },
      // While recordings are pending the process stays: it can still bring them to the store.
      onFailing: (error, failures) => {
        if (failures > MAX_FAILURES && this.pipeline.pending === 0) onFatal(error);
      },
    });
  }

  /** Waits neither for Kafka nor for the store. @throws Error when the spill folder cannot be written. */
  async start(): Promise<void> {
    await this.spills.open();
    this.tidying.start();
    this.producer.start();
    this.bucket.start();
    this.watch();
    await this.consumer.start();
  }

  /** What is missing; `undefined` once recordings are taken up and the store has answered. */
  readinessFault(): string | undefined {
    return this.consumer.hasJoined ? this.bucket.notReady() : 'archive has not joined its consumer group';
  }

  /** Breaks off what is under way, lets known outcomes reach the log, commits, and leaves the group. */
  async stop(): Promise<void> {
    this.callOffWatch();
    await this.tidying.stop();
    await this.bucket.stop();
    await this.pipeline.stop();
    await this.consumer.stop();
    await this.producer.close();
    await this.spills.close();
  }

  private readOnIfRelieved(): void {
    if (this.consumer.isPaused && !this.isFull(0.5)) this.consumer.setPaused(false);
  }

  private isFull(share: number): boolean {
    const { unfetched, pending } = this.pipeline;
    return unfetched >= MAX_UNFETCHED * share || pending >= MAX_PENDING * share;
  }

  private watch(): void {
    const { settings, logger } = this.deps;
    const withinMs = settings.ARCHIVE_URL_LIFETIME_MS * WARN_SHARE;
    warnOfDeadlines(this.pipeline.fetchTasks(), this.clock.now(), withinMs, logger);
    this.callOffWatch = this.clock.after(WATCH_EVERY_MS, () => this.watch());
  }
}

function minioStore(settings: ArchiveSettings): ObjectStore {
  return new MinioObjectStore({
    endpoint: settings.S3_ENDPOINT,
    region: settings.S3_REGION,
    bucket: settings.S3_BUCKET,
    protection: objectProtection(settings),
    ...storeCredentials(settings),
  });
}
