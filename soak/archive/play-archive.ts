import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createKafka } from '../../infra/kafka/connection/client.js';
import { OffsetReader } from '../../infra/kafka/consume/offset-reader.js';
import { findFreeBase } from '../../dev/local-stack/tcp-ports.js';
import { createLogger } from '../../infra/observability/logger.js';
import { SchemaRegistryClient } from '../../infra/schema-registry/client.js';
import { commonFaults, commonSpecs } from '../../infra/settings/common.js';
import { readSettings, type Env } from '../../infra/settings/read-settings.js';
import { subjects, topicNames } from '../../schemas/topics.js';
import { Bucket } from '../../lab/bucket.js';
import { scrape } from '../../lab/scrape.js';
import type { Random } from '../../lab/random.js';
import { ProcessorUnderTest } from '../processor-under-test.js';
import { untilQuiet } from '../quiescence.js';
import { runArchiveFaults } from './archive-faults.js';
import type { ArchiveRun } from './archive-run.js';
import { checkArchive, sessionOfKey } from './check-archive.js';
import { MisbehavingSource } from './misbehaving-source.js';
import { readHistory, SESSION_TIMEOUT_MS } from './read-history.js';
import { RecordingLoad } from './recording-load.js';
import type { PlannedRecording } from './recording-plan.js';
import { table } from './report.js';
import { listViolations } from '../list-violations.js';
import type { SourceLedger } from './source-ledger.js';
import { runStoreOutage } from './store-outage.js';
import { StoreUnderTest } from './store-under-test.js';

const ARCHIVERS = 2;
const BUCKET = 'recordings';
const GROUP_ID = 'soak';
/** How long nothing may change before the run counts as settled. Short, as committed positions never pass an unsettled recording. */
const QUIET_MS = 1_000;
const SETTLE_TIMEOUT_MS = 300_000;
const POLL_INTERVAL_MS = 500;

export type PlayDeps = {
  readonly dir: string;
  readonly storeDir: string;
  readonly spillDir: string;
  readonly env: Env;
  readonly random: Random;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

/** Plays a run on a stack and checks the results. */
export async function playArchive(
  run: ArchiveRun,
  recordings: readonly PlannedRecording[],
  inOutage: readonly PlannedRecording[],
  deps: PlayDeps,
) {
  const { dir, storeDir, spillDir, random, log, signal } = deps;
  const source = new MisbehavingSource(run.lifetimeMs);
  await source.start();
  const base = await findFreeBase();
  const store = new StoreUnderTest(storeDir, base, deps.env);
  const env = {
    ...deps.env,
    S3_ENDPOINT: store.endpoints.S3_ENDPOINT,
    S3_BUCKET: BUCKET,
    ARCHIVE_SPILL_DIR: spillDir,
    ARCHIVE_ALLOWED_HOSTS: source.host,
    ARCHIVE_URL_LIFETIME_MS: String(run.lifetimeMs),
    PROCESSOR_GROUP_ID: GROUP_ID,
    LOG_LEVEL: 'debug',
  };
  const settings = readSettings(env, commonSpecs, commonFaults);
  const silent = createLogger('soak', 'silent');
  const kafka = createKafka(settings, 'soak', silent);
  const topics = topicNames(settings.TOPIC_PREFIX);
  const offsets = new OffsetReader(kafka);
  const archivers = Array.from({ length: ARCHIVERS }, (_, i) => {
    const logFile = join(dir, 'logs', `archiver-${i + 1}.log`);
    return new ProcessorUnderTest({ port: base + ARCHIVERS * 2 + i, roles: 'archive', env, logFile });
  });
  let load: RecordingLoad | undefined;
  const start = performance.now();
  const untilSettled = async (): Promise<void> => {
    const group = { groupId: `${GROUP_ID}-archive`, input: topics.events, outputs: [topics.events] };
    await untilQuiet(offsets, { ...group, quietMs: QUIET_MS, withinMs: SETTLE_TIMEOUT_MS, signal });
    await untilNothingPending(archivers, signal);
  };
  try {
    await store.start(signal);
    for (const archiver of archivers) archiver.start();
    for (const archiver of archivers) await archiver.ready(signal);
    await offsets.start();
    const { events: schemaId } = await new SchemaRegistryClient(settings).ensureSubjects(subjects(topics));
    load = new RecordingLoad({ kafka, topic: topics.events, schemaId, source, signal });
    load.start();
    const publishing = load.publish(recordings, (run.count / run.perSecond) * 1000);
    publishing.catch(() => undefined);
    const faults = await runArchiveFaults(run.faults, { archivers, store, source, random, log, signal });
    await publishing;
    log('all recordings are announced; waiting for the archivers');
    const bucket = new Bucket(store.endpoints, BUCKET);
    await untilOwedAreArchived(bucket, source.ledger, run.lifetimeMs, signal);
    await runStoreOutage(run.outage, inOutage, run.lifetimeMs, { archivers, store, source, load, log, signal });
    await untilSettled();
    await load.stop();
    await Promise.all(archivers.map((archiver) => archiver.stop()));
    log('reading the results');
    const bounds = [...(await offsets.bounds(topics.events)).values()];
    const records = bounds.reduce((sum, { low, end }) => sum + end - low, 0);
    const history = await readHistory({
      run,
      brokers: settings.KAFKA_BROKERS.join(','),
      topic: topics.events,
      records,
      source,
      inOutage: new Set(inOutage),
      store,
      bucket,
      spillDir,
      logDir: join(dir, 'logs'),
      signal,
    });
    const violations = checkArchive(history);
    const exits = archivers.reduce((sum, archiver) => sum + archiver.exits, 0);
    const seconds = (performance.now() - start) / 1000;
    const finished = { seconds, recordings: [...recordings, ...inOutage], faults, source: source.ledger, exits };
    return {
      violations,
      report: table(finished, history, violations) + listViolations(violations, ({ what }) => what),
    };
  } finally {
    await load?.stop();
    await Promise.all(archivers.map((archiver) => archiver.stop()));
    await store.stop();
    source.stop();
    await offsets.close();
  }
}

/**
 * Resolves once all owed recordings are archived or late. The others may take until their links expire, and continue during the
 * outage that follows.
 */
async function untilOwedAreArchived(bucket: Bucket, ledger: SourceLedger, lifetimeMs: number, signal: AbortSignal) {
  const end = performance.now() + lifetimeMs + SESSION_TIMEOUT_MS;
  const owed = ledger.published.filter((entry) => ledger.isOwed(entry, lifetimeMs));
  while (performance.now() < end) {
    const archived = new Set((await bucket.list()).map(({ key }) => sessionOfKey(key)));
    if (owed.every(({ recording }) => archived.has(recording.sessionId))) return;
    await delay(POLL_INTERVAL_MS, undefined, { signal });
  }
}

/** Asks the archivers themselves: a recording that one has adopted from disk may hold back no offset. */
async function untilNothingPending(archivers: readonly ProcessorUnderTest[], signal: AbortSignal): Promise<void> {
  const end = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const pending = await Promise.all(archivers.map(({ port }) => scrape(port, 'archive_pending_recordings')));
    if (pending.every((count) => count === 0)) return;
    if (performance.now() > end)
      throw new Error(
        `recordings still pending after ${SETTLE_TIMEOUT_MS / 1000} s, by archiver: ${pending.join(', ')}`,
      );
    await delay(POLL_INTERVAL_MS, undefined, { signal });
  }
}
