import type { Registry } from 'prom-client';
import { sleep, type Clock } from '../../../infra/async/clock.js';
import type { ObjectStore } from '../../../infra/object-store/object-store.js';
import type { Logger } from '../../../infra/observability/logger.js';
import type { RescueState } from '../../../infra/spool/rescue-messages.js';
import { segmentFiles, SpoolFollower } from '../../../infra/spool/spool-follower.js';
import { ArchiveMetrics } from '../archive-metrics.js';
import type { ArchivePipeline } from '../pipeline/archive-pipeline.js';
import { assemblePipeline } from '../pipeline/assemble-pipeline.js';
import { DeadlineWatch } from '../pipeline/deadline-watch.js';
import type { Lease } from '../recording/lease.js';
import { recordingJob, type Patience, type RecordingJob } from '../recording/recording-job.js';
import { rescueAfterMs } from '../recording/rescue-timing.js';
import type { OpenSource } from '../source/http-source.js';
import type { Resolve } from '../source/link-guard.js';
import type { SpillBudget } from '../spill/spill-budget.js';
import { RegularTidying } from '../spill/regular-tidying.js';
import type { SpillDirectory } from '../spill/spill-directory.js';
import { BucketGate } from '../store/bucket-gate.js';
import { Announcements } from './announcements.js';
import type { RescuedRecording, RescueJournal } from './rescue-journal.js';
import type { RescueReporter } from './rescue-reporter.js';
import type { RescueSettings } from './settings.js';
import { spillLimit } from './spill-limit.js';
import { throttledSource } from './throttled-source.js';

export type RescueDeps = {
  /** The spool's folder, with the folders of all workers. */
  readonly root: string;
  readonly settings: RescueSettings;
  readonly objectStore: ObjectStore;
  readonly spills: SpillDirectory;
  /** The budget of `spills`. */
  readonly budget: SpillBudget;
  readonly journal: RescueJournal;
  readonly reporter: RescueReporter;
  readonly resolve: Resolve;
  readonly open: OpenSource;
  readonly clock: Clock;
  readonly metrics: Registry;
  readonly logger: Logger;
  readonly onState: (state: RescueState) => void;
};

/** Maximum number of links in the pipeline, and of announcements in memory. The spool keeps the others. */
const MAX_UNFETCHED = 10_000;
const MAX_ANNOUNCEMENTS = 20_000;
/** Remaining share of a link's lifetime below which a recording is at risk. */
const RISK_SHARE = 0.2;
/** Interval between two tidyings of the spill directory, in link lifetimes. */
const TIDY_INTERVAL_LIFETIMES = 2;
/** Looks at the spool in the time after which a recording is rescued. */
const LOOKS = 10;
const LOOK_INTERVAL_MS = { min: 100, max: 2_000 };
/** The pipeline publishes in wire format; the ingress adds the header of its own schema instead. */
const NO_SCHEMA_ID = 0;

/** Nobody else can become the owner of what is in the spool. */
const LEASE = { isRevoked: false, isBacklog: () => true };

/** Interval (ms) at which the spool is read. */
export function lookIntervalMs(linkLifetimeMs: number): number {
  return Math.min(LOOK_INTERVAL_MS.max, Math.max(LOOK_INTERVAL_MS.min, rescueAfterMs(linkLifetimeMs) / LOOKS));
}

/**
 * The archive without Kafka: reads announcements from the spool of an ingress instead of `session.events`, and reports through that
 * ingress. Everything between is the archive's own pipeline, so an object is the same whoever stores it.
 */
export class Rescue {
  private readonly announcements = new Announcements();
  private readonly follower: SpoolFollower;
  private readonly pipeline: ArchivePipeline;
  private readonly bucket: BucketGate;
  private readonly deadlines: DeadlineWatch;
  private readonly tidying: RegularTidying;
  private readonly patience: Patience;
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  /** Fingerprints of the recordings in the pipeline, by the number that stands for their offset. */
  private readonly fingerprints = new Map<number, string>();
  private started = 0;
  private isLimited = false;

  constructor(private readonly deps: RescueDeps) {
    const { root, settings, objectStore, spills, reporter, resolve, open, clock, metrics, logger } = deps;
    const { ARCHIVE_URL_LIFETIME_MS: linkLifetimeMs, ARCHIVE_SPILL_KEEP_MS: spillKeepMs } = settings;
    this.patience = { linkLifetimeMs, spillKeepMs };
    this.follower = new SpoolFollower(root, {
      onRecords: (segment, records) => this.announcements.add(segment, records),
      onGone: (segment) => this.announcements.drop(segment),
      onFault: (file, err) => logger.warn({ file, err }, 'could not read a spool file for the rescue, retrying'),
    });
    this.bucket = new BucketGate({ objectStore, bucket: settings.S3_BUCKET, clock, logger });
    this.pipeline = assemblePipeline({
      settings,
      objectStore,
      spills,
      sender: reporter,
      schemaId: NO_SCHEMA_ID,
      resolve,
      open: throttledSource(open, settings.INGRESS_RESCUE_MAX_BYTES_PER_SECOND, clock),
      clock,
      metrics: new ArchiveMetrics(metrics, () => this.pipeline.gauges()),
      logger,
      onLoadReduced: () => undefined,
    });
    this.tidying = new RegularTidying(spills, TIDY_INTERVAL_LIFETIMES * linkLifetimeMs, clock, logger);
    this.deadlines = new DeadlineWatch(
      { fetchTasks: () => this.pipeline.fetchTasks(), clock, logger },
      linkLifetimeMs * RISK_SHARE,
    );
  }

  /** @throws Error if the spill directory is not writable. */
  async start(): Promise<void> {
    await this.deps.spills.open();
    this.tidying.start();
    this.bucket.start();
    this.deadlines.start();
    this.running = this.run();
  }

  /** Aborts transfers. Files that are complete stay for the next process. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.deadlines.stop();
    await this.running;
    await this.tidying.stop();
    await this.bucket.stop();
    await this.pipeline.stop();
    await this.deps.spills.close();
  }

  state(): RescueState {
    const { reporter, clock, settings } = this.deps;
    const soon = clock.now() + settings.ARCHIVE_URL_LIFETIME_MS * RISK_SHARE;
    const { started } = this;
    const { saved, failed } = reporter;
    return {
      started,
      saved,
      failed,
      pending: this.pipeline.unfetched,
      atRisk: this.pipeline.fetchTasks().filter(({ deadlineAt }) => deadlineAt < soon).length,
      spilledBytes: this.pipeline.gauges().spilledBytes,
    };
  }

  private async run(): Promise<void> {
    const { clock, journal, settings, onState } = this.deps;
    const left = await journal.entries();
    for (let isFirst = true; !this.stopping.signal.aborted; isFirst = false) {
      await this.updateLimit();
      await this.follower.look(() => this.announcements.size < MAX_ANNOUNCEMENTS);
      await this.beginDue();
      if (isFirst) await this.continueWith(left);
      onState(this.state());
      await sleep(clock, lookIntervalMs(settings.ARCHIVE_URL_LIFETIME_MS), this.stopping.signal);
    }
  }

  private async beginDue(): Promise<void> {
    const { clock, settings } = this.deps;
    const spooledBefore = clock.now() - rescueAfterMs(settings.ARCHIVE_URL_LIFETIME_MS);
    const due = this.announcements.takeSpooledBefore(spooledBefore, MAX_UNFETCHED - this.pipeline.unfetched);
    for (const { event, spooledAt, receivedAt } of due) {
      const { sessionId, projectId, timestamp: readyAt, recordingUrl } = event;
      await this.begin({ sessionId, projectId, readyAt, spooledAt, receivedAt }, recordingUrl);
    }
  }

  private async begin(recording: RescuedRecording, link: string): Promise<void> {
    const { journal, logger } = this.deps;
    const job = this.jobOf(recording);
    const { sessionId, projectId, fingerprint } = job;
    if (!this.announcements.begin(job)) return;
    this.started += 1;
    this.fingerprints.set(job.offset, fingerprint);
    await journal.add(fingerprint, recording).catch((err: unknown) => {
      logger.warn({ sessionId, projectId, err }, 'could not note a recording to rescue: a restart may lose its file');
    });
    logger.info(
      { sessionId, projectId },
      'Kafka has not accepted recording.ready for too long; rescuing the recording',
    );
    this.pipeline.accept(job, link);
  }

  /** Uploads what an earlier process has downloaded, even if its announcement has left the spool. */
  private async continueWith(left: ReadonlyMap<string, RescuedRecording>): Promise<void> {
    const { spills, journal } = this.deps;
    const begun = new Set(this.fingerprints.values());
    for (const [fingerprint, recording] of left) {
      const isOnDisk = await spills.has(fingerprint);
      // What is in the spool or the object store only needs no note: it is found there.
      if (isOnDisk) await this.begin(recording, '');
      else if (!begun.has(fingerprint)) await journal.remove(fingerprint);
    }
  }

  private jobOf({ sessionId, projectId, readyAt, spooledAt, receivedAt }: RescuedRecording): RecordingJob {
    const event = { event: 'recording.ready' as const, sessionId, projectId, timestamp: readyAt, success: true };
    const lease: Lease = { ...LEASE, settle: (offset) => this.settled(offset) };
    const job = recordingJob(event, { offset: this.started, timestamp: spooledAt, receivedAt }, lease, this.patience);
    // Only this process rescues what is in its spool.
    return { ...job, mayBeRescued: false };
  }

  private settled(offset: number): void {
    const fingerprint = this.fingerprints.get(offset);
    this.fingerprints.delete(offset);
    if (fingerprint !== undefined) void this.deps.journal.remove(fingerprint);
  }

  private async updateLimit(): Promise<void> {
    const { root, settings, spills, budget, logger } = this.deps;
    try {
      const spool = [...(await segmentFiles(root)).values()].reduce((sum, { bytes }) => sum + bytes, 0);
      const options = {
        spillRoot: spills.root,
        spoolRoot: root,
        maxBytes: settings.INGRESS_RESCUE_MAX_BYTES,
        spoolMaxBytes: settings.INGRESS_SPOOL_MAX_BYTES,
      };
      budget.limitBytes = await spillLimit(options, { spill: budget.usedBytes, spool });
    } catch (err) {
      logger.warn({ err, path: spills.root }, 'could not measure the free space of the disk for rescued recordings');
      return;
    }
    const { usedBytes, limitBytes } = budget;
    const isLimited = usedBytes >= limitBytes;
    if (isLimited && !this.isLimited) {
      logger.error(
        { usedBytes, limitBytes, path: spills.root },
        'no more space for rescued recordings: bring the object store back, free disk space, or raise INGRESS_RESCUE_MAX_BYTES',
      );
    }
    this.isLimited = isLimited;
  }
}
