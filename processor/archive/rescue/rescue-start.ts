import { Registry } from 'prom-client';
import type { Clock } from '../../../infra/async/clock.js';
import { MinioObjectStore } from '../../../infra/object-store/minio-object-store.js';
import type { Logger } from '../../../infra/observability/logger.js';
import type { RescueState } from '../../../infra/spool/rescue-messages.js';
import { topicNames } from '../../../schemas/topics.js';
import { objectProtection, objectStoreCredentials, spillDir } from '../settings.js';
import { openHttpSource } from '../source/http-source.js';
import { systemResolve } from '../source/link-guard.js';
import { SpillBudget } from '../spill/spill-budget.js';
import { SpillDirectory } from '../spill/spill-directory.js';
import { journalDir } from './rescue-needed.js';
import { Rescue } from './rescue.js';
import { RescueJournal } from './rescue-journal.js';
import { RescueReporter, type IngressChannel } from './rescue-reporter.js';
import type { RescueSettings } from './settings.js';

export type RescueStartDeps = {
  readonly root: string;
  readonly settings: RescueSettings;
  readonly channel: IngressChannel | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onState: (state: RescueState) => void;
};

/** How long a process of another host may show no sign of life before its folder counts as abandoned, in link lifetimes. */
const MAX_SILENCE_LIFETIMES = 8;

/** Starts a rescue on this machine's disk and the object store of the settings. @throws Error if the spill directory is not writable. */
export async function startRescue(deps: RescueStartDeps): Promise<Rescue> {
  const { root, settings, channel, clock, logger, onState } = deps;
  const budget = new SpillBudget(settings.INGRESS_RESCUE_MAX_BYTES);
  const rescue = new Rescue({
    root,
    settings,
    objectStore: new MinioObjectStore({
      endpoint: settings.S3_ENDPOINT,
      region: settings.S3_REGION,
      bucket: settings.S3_BUCKET,
      protection: objectProtection(settings),
      ...objectStoreCredentials(settings),
    }),
    spills: new SpillDirectory({
      // The processor's directory: on the same machine, the archive adopts the files of the rescue.
      root: spillDir(settings, topicNames(settings.TOPIC_PREFIX).events),
      maxSilenceMs: MAX_SILENCE_LIFETIMES * settings.ARCHIVE_URL_LIFETIME_MS,
      keepMs: settings.ARCHIVE_SPILL_KEEP_MS,
      budget,
      clock,
    }),
    budget,
    journal: new RescueJournal(journalDir(root)),
    reporter: new RescueReporter(channel, clock),
    resolve: systemResolve,
    open: openHttpSource,
    clock,
    metrics: new Registry(),
    logger,
    onState,
  });
  await rescue.start();
  return rescue;
}
