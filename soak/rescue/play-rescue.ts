import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreeBase } from '../../dev/local-stack/tcp-ports.js';
import { createKafka } from '../../infra/kafka/connection/client.js';
import { createLogger } from '../../infra/observability/logger.js';
import { commonFaults, commonSpecs } from '../../infra/settings/common.js';
import { readSettings, type Env } from '../../infra/settings/read-settings.js';
import { topicNames } from '../../schemas/topics.js';
import type { Random } from '../../lab/random.js';
import { scrape } from '../../lab/scrape.js';
import { MisbehavingSource } from '../archive/misbehaving-source.js';
import { planRecordings, type PlannedRecording } from '../archive/recording-plan.js';
import { StoreUnderTest } from '../archive/store-under-test.js';
import { IngressUnderTest } from '../ingress/ingress-under-test.js';
import { ProcessorUnderTest } from '../processor-under-test.js';
import { AnnouncedCalls } from './announced-calls.js';
import { checkRescue, type RescueViolation } from './check-rescue.js';
import { joinedRecords } from './joined-records.js';
import { KafkaUnderTest } from './kafka-under-test.js';
import type { RescueRun } from './rescue-run.js';

export type PlayDeps = {
  readonly dir: string;
  readonly env: Env;
  readonly random: Random;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

export type RescueResult = {
  readonly violations: readonly RescueViolation[];
  /** Requests that the source answered with bytes, and requests with dead links. */
  readonly transfers: number;
  readonly expired: number;
};

const TOKEN = 'soak';
/** Kafka is down for twice the lifetime of the links. */
const OUTAGE_LIFETIMES = 2;
/** The archive waits for a rescue for as long as the join does, which must outlast the object store. */
const ARCHIVER_LIFETIMES = 6;
/** When an object store that is back last comes back, after the processor is ready. */
const STORE_BACK_MS = 5_000;
const JOINED_TIMEOUT_MS = 120_000;
const POLL_MS = 250;

/** Plays one outage with programs, Kafka and object store of its own; the registry is that of the environment. */
export async function playRescue(run: RescueRun, deps: PlayDeps): Promise<RescueResult> {
  const { dir, random, log, signal } = deps;
  const base = await findFreeBase();
  for (const name of ['store', 'kafka-under-test']) mkdirSync(join(dir, name), { recursive: true });
  const kafka = new KafkaUnderTest(join(dir, 'kafka-under-test'), base, deps.env);
  const store = new StoreUnderTest(join(dir, 'store'), base, deps.env);
  const source = new MisbehavingSource(run.lifetimeMs);
  await source.start();
  const env = {
    ...deps.env,
    KAFKA_BROKERS: kafka.endpoints.KAFKA_BROKERS,
    S3_ENDPOINT: store.endpoints.S3_ENDPOINT,
    S3_BUCKET: 'recordings',
    ARCHIVE_ALLOWED_HOSTS: source.host,
    LOG_LEVEL: 'info',
  };
  const port = base + 10;
  const logs = join(dir, 'logs');
  const ingress = new IngressUnderTest(port, ingressEnv(env, run, dir, port), join(logs, 'ingress.log'), signal);
  const processor = new ProcessorUnderTest({
    port: base + 11,
    roles: 'join,archive',
    env: {
      ...env,
      // As on another machine: only Kafka and the object store are shared.
      ARCHIVE_SPILL_DIR: join(dir, 'spill-processor'),
      ARCHIVE_URL_LIFETIME_MS: String(ARCHIVER_LIFETIMES * run.lifetimeMs),
      PROCESSOR_GROUP_ID: 'soak-rescue',
    },
    logFile: join(logs, 'processor.log'),
  });
  const recordings = plan(run, random);
  const calls = new AnnouncedCalls({ port, token: TOKEN, source, signal });
  try {
    await Promise.all([kafka.start(signal), store.start(signal)]);
    await ingress.start();
    await kafka.kill();
    if (run.storeDown !== 'never') await store.kill();
    const outageEndsAt = performance.now() + OUTAGE_LIFETIMES * run.lifetimeMs;
    const after = (at: number) => delay(Math.max(0, at - performance.now()), undefined, { signal });
    const half = Math.ceil(recordings.length / 2);
    await calls.announce(recordings.slice(0, half), run.perSecond);
    if (run.killsIngress) {
      await ingress.kill();
      await ingress.start();
    }
    await calls.announce(recordings.slice(half), run.perSecond);
    await after(outageEndsAt - (OUTAGE_LIFETIMES / 2) * run.lifetimeMs);
    if (run.storeDown === 'first half') await store.start(signal);
    await after(outageEndsAt);
    await linksAreDead(source, run.lifetimeMs, signal);
    log(`${run.name}: rescued ${await rescued(port)} since the last start of the ingress; starting Kafka`);
    await kafka.start(signal);
    processor.start();
    if (run.storeDown === 'until after Kafka') {
      // The archive is ready only once the object store has answered.
      await delay(STORE_BACK_MS, undefined, { signal });
      await store.start(signal);
    }
    const settings = readSettings(env, commonSpecs, commonFaults);
    const client = createKafka(settings, 'soak', createLogger('soak', 'silent'));
    const sessions = recordings.map(({ sessionId }) => sessionId);
    await processor.ready(signal);
    const topic = topicNames(settings.TOPIC_PREFIX).complete;
    const records = await joinedRecords(client, topic, sessions, JOINED_TIMEOUT_MS);
    const refused = calls.refusals.map((status) => ({ kind: 'refused', session: '-', detail: String(status) }));
    const { published, expired } = source.ledger;
    return {
      violations: [...refused, ...checkRescue(recordings, records)],
      transfers: published.reduce((sum, { transfers }) => sum + transfers, 0),
      expired,
    };
  } finally {
    await Promise.all([processor.stop(), ingress.stop()]);
    await Promise.all([kafka.stop(), store.stop()]);
    source.stop();
  }
}

function ingressEnv(env: Env, run: RescueRun, dir: string, port: number): Env {
  return {
    ...env,
    INGRESS_HOST: '127.0.0.1',
    INGRESS_PORT: String(port),
    INGRESS_TOKENS: TOKEN,
    INGRESS_SPOOL_DIR: join(dir, 'spool'),
    INGRESS_ACK_TIMEOUT_MS: '500',
    INGRESS_SPOOL_MAX_BYTES: '100000000',
    ARCHIVE_SPILL_DIR: join(dir, 'spill-ingress'),
    ARCHIVE_URL_LIFETIME_MS: String(run.lifetimeMs),
  };
}

/** Recordings whose transfers are cut at times, and whose source is never down: nobody could have saved those. */
function plan({ count, maxBytes, lifetimeMs }: RescueRun, random: Random): PlannedRecording[] {
  const sizes = [{ share: 1, from: 1_000, to: maxBytes }];
  const planned = planRecordings(random, { count, sizes, cuts: Math.floor(count / 10), lifetimeMs });
  return planned.map((one) => ({ ...one, behaviour: { ...one.behaviour, downMs: [0, 0] } }));
}

async function linksAreDead(source: MisbehavingSource, lifetimeMs: number, signal: AbortSignal): Promise<void> {
  const last = Math.max(...source.ledger.published.map(({ at }) => at));
  while (Date.now() <= last + lifetimeMs) await delay(POLL_MS, undefined, { signal });
}

async function rescued(port: number): Promise<number> {
  return (await scrape(port, 'ingress_rescue_recordings_total{outcome="saved"}')) ?? 0;
}
