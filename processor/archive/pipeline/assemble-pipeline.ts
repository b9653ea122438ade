import type { Clock } from '../../../infra/async/clock.js';
import type { ObjectStore } from '../../../infra/object-store/object-store.js';
import type { Logger } from '../../../infra/observability/logger.js';
import { wireHeader } from '../../../schemas/wire-format.js';
import type { ArchiveMetrics } from '../archive-metrics.js';
import type { ArchiveSettings } from '../settings.js';
import { AllowedHosts } from '../source/allowed-hosts.js';
import { Downloader } from '../source/download.js';
import { LinkFollower } from '../source/follow-link.js';
import type { OpenSource } from '../source/http-source.js';
import { LinkGuard, type Resolve } from '../source/link-guard.js';
import type { SpillDirectory } from '../spill/spill-directory.js';
import { RecordingStore } from '../store/recording-store.js';
import { ArchivePipeline } from './archive-pipeline.js';
import type { OutcomeSender } from './outcome-sender.js';
import { ConfirmLossStep } from './steps/confirm-loss-step.js';
import { EarlierCopies } from './steps/earlier-copies.js';
import { FetchStep } from './steps/fetch-step.js';
import { ReportStep } from './steps/report-step.js';
import { UploadStep } from './steps/upload-step.js';

export type PipelineDeps = {
  readonly settings: ArchiveSettings;
  readonly objectStore: ObjectStore;
  readonly spills: SpillDirectory;
  readonly sender: OutcomeSender;
  /** Id of the schema of `session.events`. */
  readonly schemaId: number;
  readonly resolve: Resolve;
  readonly open: OpenSource;
  readonly clock: Clock;
  readonly metrics: ArchiveMetrics;
  readonly logger: Logger;
  readonly onLoadReduced: () => void;
};

/** A download without progress ends after this time; the smaller of the two applies. */
const STALL_MS = 30_000;
const STALL_SHARE = 0.1;
/** The first attempt gets at least this share of a link's lifetime, even beyond its end. */
const FIRST_ATTEMPT_SHARE = 1 / 3;

/** Builds the pipeline from the settings. */
export function assemblePipeline(deps: PipelineDeps): ArchivePipeline {
  const { settings, objectStore, spills, sender, schemaId, clock, metrics, logger, onLoadReduced } = deps;
  const { ARCHIVE_CONCURRENCY: concurrency, ARCHIVE_URL_LIFETIME_MS: lifetimeMs } = settings;
  const guard = new LinkGuard(new AllowedHosts(settings.ARCHIVE_ALLOWED_HOSTS), deps.resolve);
  const downloader = new Downloader({
    follower: new LinkFollower(guard, deps.open),
    maxBytes: settings.ARCHIVE_MAX_BYTES,
    stallMs: Math.min(STALL_MS, lifetimeMs * STALL_SHARE),
    clock,
  });
  const recordings = new RecordingStore(objectStore, settings.S3_BUCKET);
  const copies = new EarlierCopies({ recordings, spills, clock, logger });
  const steps = {
    fetchStep: new FetchStep(
      { copies, downloader, spills, clock, metrics, logger },
      { firstAttemptMs: lifetimeMs * FIRST_ATTEMPT_SHARE, minAskMs: lifetimeMs },
    ),
    uploadStep: new UploadStep(
      { recordings, objectStore, clock, metrics, logger },
      { minWaitMs: lifetimeMs, concurrency },
    ),
    confirmLossStep: new ConfirmLossStep({ copies, clock, logger }),
    reportStep: new ReportStep({ sender, wireHeader: wireHeader(schemaId), clock, logger }),
  };
  return new ArchivePipeline({ ...steps, spills, clock, metrics, logger, onLoadReduced }, concurrency);
}
