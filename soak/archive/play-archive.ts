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
/** Committed positions never pass what is not settled: that two looks in a row find nothing behind is enough. */
const QUIET_MS = 1_000;
const WITHIN_MS = 300_000;

export type PlayContext = {
  readonly dir: string;
  readonly storeDir: string;
  readonly spillDir: string;
  readonly env: Env;
  readonly random: Random;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

/** Plays a run on a stack, and reads back and checks what it came to. */
export async function playArchive(
  run: ArchiveRun,
  recordings: readonly PlannedRecording[],
  inOutage: readonly PlannedRecording[],
  context: PlayContext,
) {
  const { dir, storeDir, spillDir, random, log, signal } = context;
  const source = new MisbehavingSource(run.lifeMs);
  await source.start();
  const base = await findFreeBase();
  const store = new StoreUnderTest(storeDir, base, context.env);
  const env = {
    ...context.env,
    ...{ S3_ENDPOINT: store.endpoints.S3_ENDPOINT, S3_BUCKET: BUCKET, ARCHIVE_SPILL_DIR: spillDir },
    ...{ ARCHIVE_ALLOWED_HOSTS: source.host, ARCHIVE_URL_LIFETIME_MS: String(run.lifeMs) },
    ...{ PROCESSOR_GROUP_ID: GROUP_ID, LOG_LEVEL: 'debug' },
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
  const quiet = async (): Promise<void> => {
    const group = { groupId: `${GROUP_ID}-archive`, input: topics.events, outputs: [topics.events] };
    await untilQuiet(offsets, { ...group, quietMs: QUIET_MS, withinMs: WITHIN_MS, signal });
    await untilNothingPends(archivers, signal);
  };
  try {
    await store.start(signal);
    for (const archiver of archivers) archiver.start();
    for (const archiver of archivers) await archiver.ready(signal);
    await offsets.start();
    const { events: schemaId } = await new SchemaRegistryClient(settings, silent).registerSubjects(subjects(topics));
    load = new RecordingLoad({ kafka, topic: topics.events, schemaId, source, signal });
    load.start();
    const publishing = load.publish(recordings, (run.count / run.perSecond) * 1000);
    publishing.catch(() => undefined);
    const faults = await runArchiveFaults(run.faults, { archivers, store, source, random, log, signal });
    await publishing;
    log('all recordings are announced, waiting for the archivers');
    const bucket = new Bucket(store.endpoints, BUCKET);
    await untilOwedAreThere(bucket, source.ledger, run.lifeMs, signal);
    await runStoreOutage(run.outage, inOutage, run.lifeMs, { archivers, store, source, load, log, signal });
    await quiet();
    await load.stop();
    await Promise.all(archivers.map((archiver) => archiver.stop()));
    log('reading back');
    const bounds = [...(await offsets.bounds(topics.events)).values()];
    const records = bounds.reduce((sum, { low, end }) => sum + end - low, 0);
    const history = await readHistory({
      ...{ run, brokers: settings.KAFKA_BROKERS.join(','), topic: topics.events, records },
      ...{ source, inOutage: new Set(inOutage) },
      ...{ store, bucket, spillDir, logDir: join(dir, 'logs'), signal },
    });
    const violations = checkArchive(history);
    const exits = archivers.reduce((sum, archiver) => sum + archiver.exits, 0);
    const seconds = (performance.now() - start) / 1000;
    const ran = { seconds, recordings: [...recordings, ...inOutage], faults, source: source.ledger, exits };
    return { violations, report: table(ran, history, violations) + listViolations(violations, ({ what }) => what) };
  } finally {
    await load?.stop();
    await Promise.all(archivers.map((archiver) => archiver.stop()));
    await store.stop();
    source.stop();
    await offsets.close();
  }
}

/**
 * Resolves once all that is owed is in the store, or late. The others may take until their links are dead: they go on while the store
 * is away.
 */
async function untilOwedAreThere(bucket: Bucket, ledger: SourceLedger, lifeMs: number, signal: AbortSignal) {
  const end = performance.now() + lifeMs + SESSION_TIMEOUT_MS;
  const owed = ledger.published.filter((entry) => ledger.isOwed(entry, lifeMs));
  while (performance.now() < end) {
    const there = new Set((await bucket.list()).map(({ key }) => sessionOfKey(key)));
    if (owed.every(({ recording }) => there.has(recording.sessionId))) return;
    await delay(500, undefined, { signal });
  }
}

/** What an archiver found on its disk is behind no offset: so it is asked itself. */
async function untilNothingPends(archivers: readonly ProcessorUnderTest[], signal: AbortSignal): Promise<void> {
  const end = performance.now() + WITHIN_MS;
  for (;;) {
    const pending = await Promise.all(archivers.map(({ port }) => scrape(port, 'archive_pending_recordings')));
    if (pending.every((count) => count === 0)) return;
    if (performance.now() > end) throw new Error(`recordings pend after ${WITHIN_MS / 1000} s: ${pending.join(', ')}`);
    await delay(500, undefined, { signal });
  }
}
