import type { ObjectStore } from '../../../infra/object-store/object-store.js';
import type { Logger } from '../../../infra/observability/logger.js';
import { wireHeader } from '../../../schemas/wire-format.js';
import type { ArchiveMetrics } from '../archive-metrics.js';
import { ArchivePipeline } from './archive-pipeline.js';
import type { Clock } from '../../../infra/async/clock.js';
import type { OutcomeSender } from './outcome-sender.js';
import { RecordingStore } from '../store/recording-store.js';
import type { ArchiveSettings } from '../settings.js';
import { AllowedHosts } from '../source/allowed-hosts.js';
import { Downloader } from '../source/download.js';
import { LinkFollower } from '../source/follow-link.js';
import type { OpenSource } from '../source/http-source.js';
import { LinkGuard, type Resolve } from '../source/link-guard.js';
import type { SpillDirectory } from '../spill/spill-directory.js';
import { ConfirmLossStep } from './steps/confirm-loss-step.js';
import { EarlierCopies } from './steps/earlier-copies.js';
import { FetchStep } from './steps/fetch-step.js';
import { ReportStep } from './steps/report-step.js';
import { StoreStep } from './steps/store-step.js';

export type PipelineParts = {
  readonly settings: ArchiveSettings;
  readonly store: ObjectStore;
  readonly spills: SpillDirectory;
  readonly sender: OutcomeSender;
  /** The id of the schema of `session.events`. */
  readonly schemaId: number;
  readonly resolve: Resolve;
  readonly open: OpenSource;
  readonly clock: Clock;
  readonly metrics: ArchiveMetrics;
  readonly logger: Logger;
  readonly onRelief: () => void;
};

const STALL_MS = 30_000;
/** A download that stands still ends after this share of a link's life, if that is sooner. */
const STALL_SHARE = 0.1;
/** The first try gets this share of a link's life, even beyond its end. */
const FIRST_TRY_SHARE = 1 / 3;

/** Puts the steps together as the settings say. */
export function assemblePipeline(parts: PipelineParts): ArchivePipeline {
  const { settings, store, spills, clock, metrics, logger } = parts;
  const { ARCHIVE_CONCURRENCY: concurrency, ARCHIVE_URL_LIFETIME_MS: lifetimeMs } = settings;
  const guard = new LinkGuard(new AllowedHosts(settings.ARCHIVE_ALLOWED_HOSTS), parts.resolve);
  const downloader = new Downloader({
    follower: new LinkFollower(guard, parts.open),
    maxBytes: settings.ARCHIVE_MAX_BYTES,
    stallMs: Math.min(STALL_MS, lifetimeMs * STALL_SHARE),
    clock,
  });
  const recordings = new RecordingStore(store, settings.S3_BUCKET);
  const copies = new EarlierCopies({ recordings, spills, clock, logger });
  const step = { clock, random: Math.random, metrics, logger, leastWaitMs: lifetimeMs };
  return new ArchivePipeline({
    fetchStep: new FetchStep({ ...step, copies, downloader, spills, firstTryMs: lifetimeMs * FIRST_TRY_SHARE }),
    storeStep: new StoreStep({ ...step, recordings, store, concurrency }),
    confirmLossStep: new ConfirmLossStep({ ...step, copies }),
    reportStep: new ReportStep({
      ...step,
      sender: parts.sender,
      wireHeader: wireHeader(parts.schemaId),
    }),
    spills,
    concurrency,
    clock,
    metrics,
    logger,
    onRelief: parts.onRelief,
  });
}
