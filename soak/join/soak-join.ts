import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createKafka } from '../../infra/kafka/connection/client.js';
import { OffsetReader } from '../../infra/kafka/consume/offset-reader.js';
import { findFreeBase } from '../../dev/local-stack/tcp-ports.js';
import { createLogger } from '../../infra/observability/logger.js';
import { SchemaRegistryClient } from '../../infra/schema-registry/client.js';
import { commonFaults, commonSpecs } from '../../infra/settings/common.js';
import { readSettings, type Env } from '../../infra/settings/read-settings.js';
import type { JoinRules } from '../../processor/join/rules/rules.js';
import { subjects, topicNames } from '../../schemas/topics.js';
import { checkHistory } from '../oracle/check-history.js';
import type { Violation } from '../oracle/history.js';
import { BrokerProcess } from '../../lab/broker-process.js';
import { seededRandom } from '../../lab/random.js';
import { buildMutated } from '../mutations/mutated-build.js';
import { BROKER_MUTATIONS } from '../mutations/mutations.js';
import { ProcessorUnderTest } from '../processor-under-test.js';
import { onOwnStack, ownStackEnv } from '../on-own-stack.js';
import { untilQuiet } from '../quiescence.js';
import type { SoakOptions } from '../soak-options.js';
import { listViolations } from '../list-violations.js';
import { runFaults, type Faults } from './fault-schedule.js';
import { OUTPUTS, readHistory, readPlacesWithKafkajs } from './read-history.js';
import { table } from './report.js';
import { SessionLoad } from './session-load.js';

/** One run: its faults, its load, and the join's waiting times. */
export type JoinRun = {
  readonly faults: Faults;
  /** New sessions per second, and their minimum number. */
  readonly rate: number;
  readonly sessions: number;
  readonly rules: JoinRules;
  /** Compiled main file of the processor. Default: the one of this build. */
  readonly script?: string;
};

export type JoinSoakOptions = SoakOptions & {
  /** Test builds with one planted bug each that only a broker shows, instead of the processor itself. */
  readonly mutations: boolean;
};

const RULES: JoinRules = {
  recordingGraceMs: 20_000,
  finalizeTimeoutMs: 30_000,
  linkLifetimeMs: 25_000,
  retentionMs: 24 * 3_600_000,
};
/** Length of a pause: longer than the session timeout (10 s) and the transaction timeout (30 s). */
const PAUSE_MS = 42_000;

export const FULL: JoinRun = {
  faults: {
    counts: { 'processor killed': 20, 'processor paused': 10, 'broker killed': 10, 'processor joins or leaves': 20 },
    pauseMs: PAUSE_MS,
    gapMs: { from: 10_000, to: 24_000 },
  },
  rate: 100,
  sessions: 100_000,
  rules: RULES,
};
export const QUICK: JoinRun = {
  faults: {
    counts: { 'processor killed': 3, 'processor paused': 1, 'broker killed': 1, 'processor joins or leaves': 3 },
    pauseMs: PAUSE_MS,
    gapMs: { from: 4_000, to: 8_000 },
  },
  rate: 100,
  sessions: 4_000,
  rules: RULES,
};
/** Faults that make a planted bug show: paused owners and killed owners. */
const MUTATED: JoinRun = {
  ...QUICK,
  faults: {
    ...QUICK.faults,
    counts: { 'processor killed': 3, 'processor paused': 3, 'broker killed': 0, 'processor joins or leaves': 2 },
  },
};

const PROCESSORS = 4;

/**
 * `npm run soak -- join`: kills, pauses (beyond their timeouts), adds and removes processors, and kills the broker, while sessions
 * arrive. Afterwards every session's records, as the Java consumer reads them, must be exactly the expected ones. Resolves to whether they
 * are. Otherwise data and logs are kept.
 */
export async function soakJoin(options: JoinSoakOptions): Promise<boolean> {
  if (options.mutations) return huntOnBroker(options);
  const { violations } = await runJoinSoak(options.quick ? QUICK : FULL, options);
  return violations.length === 0;
}

/** Prints a line for each planted bug. Resolves to whether the checker found all. */
async function huntOnBroker(options: SoakOptions): Promise<boolean> {
  let found = 0;
  for (const mutation of BROKER_MUTATIONS) {
    const dir = mkdtempSync(join(tmpdir(), 'mutation-'));
    try {
      const script = buildMutated('processor/main.ts', join(dir, 'build'), mutation);
      const { violations } = await runJoinSoak({ ...MUTATED, script }, options);
      if (violations.length > 0) found += 1;
      process.stdout.write(`${mutation.name}: ${violations[0]?.kind ?? 'NOT FOUND'}, ${violations.length} in all\n`);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }
  process.stdout.write(`${found} of ${BROKER_MUTATIONS.length} planted bugs found\n`);
  return found === BROKER_MUTATIONS.length;
}

export async function runJoinSoak(
  run: JoinRun,
  { seed, log, signal }: Omit<SoakOptions, 'quick'>,
): Promise<{ readonly violations: readonly Violation[]; readonly report: string }> {
  log(`seed ${seed}`);
  return onOwnStack({
    name: 'join',
    env: ownStackEnv(),
    log,
    signal,
    work: async (dir, stack) => {
      const result = await soak(run, { dir, env: { ...stack, ...settingsOf(run.rules) }, seed, log, signal });
      process.stdout.write(result.report);
      return result;
    },
    isSound: ({ violations }) => violations.length === 0 || run.script !== undefined,
  });
}

function settingsOf(rules: JoinRules): Record<string, string> {
  return {
    JOIN_RECORDING_GRACE_MS: String(rules.recordingGraceMs),
    JOIN_FINALIZE_TIMEOUT_MS: String(rules.finalizeTimeoutMs),
    JOIN_RETENTION_MS: String(rules.retentionMs),
    ARCHIVE_URL_LIFETIME_MS: String(rules.linkLifetimeMs),
    LOG_LEVEL: 'info',
  };
}

type SoakDeps = Omit<SoakOptions, 'quick'> & { readonly dir: string; readonly env: Env };

async function soak({ faults, rate, sessions, rules, script }: JoinRun, { dir, env, seed, log, signal }: SoakDeps) {
  const settings = readSettings(env, commonSpecs, commonFaults);
  const silent = createLogger('soak', 'silent');
  const kafka = createKafka(settings, 'soak', silent);
  const topics = topicNames(settings.TOPIC_PREFIX);
  const random = seededRandom(seed);
  const offsets = new OffsetReader(kafka);
  const base = await findFreeBase();
  const processors = Array.from({ length: PROCESSORS }, (_, i) => {
    const logFile = join(dir, 'logs', `processor-${i + 1}.log`);
    return new ProcessorUnderTest({ port: base + i, roles: 'join', env, logFile, script });
  });
  let load: SessionLoad | undefined;
  const start = performance.now();
  try {
    for (const processor of processors.slice(0, 2)) processor.start();
    for (const processor of processors.slice(0, 2)) await processor.ready(signal);
    await offsets.start();
    const { events: schemaId } = await new SchemaRegistryClient(settings).ensureSubjects(subjects(topics));
    load = new SessionLoad({ kafka, topic: topics.events, schemaId, rate, rules, random: seededRandom(seed + 1) });
    load.start();
    const broker = new BrokerProcess(dir);
    await runFaults(faults, { broker, processors, random, log, signal });
    while (load.sessions < sessions) await delay(100, undefined, { signal });
    await load.finish(signal);
    log(`${load.sessions} sessions sent, waiting for the join`);
    const maxWaitMs = Math.max(rules.recordingGraceMs, rules.finalizeTimeoutMs, rules.linkLifetimeMs);
    await untilQuiet(offsets, {
      groupId: `${settings.TOPIC_PREFIX}session-join`,
      input: topics.events,
      outputs: OUTPUTS.map((kind) => topics[kind]),
      quietMs: maxWaitMs + 5_000,
      withinMs: 600_000,
      signal,
    });
  } finally {
    await load?.stop();
    await Promise.all(processors.map((processor) => processor.stop()));
    await offsets.close();
  }
  log('reading the topics');
  const read = await readHistory(settings.KAFKA_BROKERS.join(','), topics, signal);
  const seenByOther = await readPlacesWithKafkajs(kafka, topics, read.outputs);
  const violations = checkHistory({ sent: load.sent, ...read, seenByOther, rules, until: Date.now() });
  const count = Object.values(faults.counts).reduce((sum, one) => sum + one, 0);
  const exits = processors.reduce((sum, processor) => sum + processor.exits, 0);
  const ran = { sessions: load.sessions, seconds: (performance.now() - start) / 1000, faults: count, exits };
  const list = listViolations(violations, ({ sessionId }) => sessionId);
  return { violations, report: table(ran, load.sent, read, violations) + list };
}
