import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectRoot } from '../../infra/local-stack/folders.js';
import type { Log } from '../../infra/local-stack/progress.js';
import type { LatencySummary } from '../load/latencies.js';
import { onSite, type BenchSite } from './bench-site.js';
import { measureCatchUp, type CatchUp } from './catch-up.js';
import type { JoinContender } from './contender.js';
import { DEFAULTS, FOR_THROUGHPUT, kafkaStreamsJoin } from './kafka-streams-join.js';
import { installKafkaStreams } from './kafka-streams-part.js';
import { measureLatency } from './latency.js';
import { measureOpenSessions, type OpenSessions } from './open-sessions.js';
import { ourJoin } from './our-join.js';
import { reportCatchUp, reportLatency, reportOpenSessions } from './report.js';

export const JOIN_PARTS = ['catch-up', 'latency', 'open-sessions'] as const;
export type JoinPart = (typeof JOIN_PARTS)[number];

export type JoinBenchOptions = {
  /** A look in about three minutes: fewer sessions, shorter times. */
  readonly quick: boolean;
  /** Of the catch-up, and of the cost of an event with many sessions open. */
  readonly rounds: number;
  /** Default: all. */
  readonly parts?: readonly JoinPart[];
  /** Measures the peer with its state in memory, and at its defaults, too. */
  readonly allPeers?: boolean;
  /** Where the figures go as JSON. */
  readonly resultsFile?: string;
  /** For the node that runs our join: `--cpu-prof`, for instance. */
  readonly nodeArguments?: readonly string[];
  readonly log: Log;
};

/** All figures of a run, as they are written to the results file. */
type Results = {
  catchUp?: { readonly sessions: number; readonly rounds: Record<string, readonly CatchUp[]> };
  latency?: { readonly sessionsPerSecond: number; readonly contenders: Record<string, LatencySummary> };
  openSessions?: readonly OpenSessions[];
};

const SESSIONS_PER_SECOND = 500;

const FULL = {
  catchUp: { sessions: 200_000 },
  latency: { sessionsPerSecond: SESSIONS_PER_SECOND, warmUpSeconds: 15, seconds: 45 },
  open: { sizes: [0, 10_000, 1_000_000], eventsPerRound: 100_000, idleMs: 30_000 },
};
const QUICK: typeof FULL = {
  catchUp: { sessions: 20_000 },
  latency: { sessionsPerSecond: SESSIONS_PER_SECOND, warmUpSeconds: 5, seconds: 10 },
  open: { sizes: [0, 10_000, 100_000], eventsPerRound: 30_000, idleMs: 5_000 },
};

/**
 * `npm run bench -- join`: our join beside Kafka Streams on the same events and broker: a backlog worked off, latency at a steady
 * rate, and what open sessions cost. Prints medians and ratios; the ratios are what another machine can be compared by.
 */
export async function benchJoin(options: JoinBenchOptions): Promise<void> {
  const { log, resultsFile = join(projectRoot, 'bench/results/join.json') } = options;
  const jars = await installKafkaStreams(log);
  const results = await onSite(log, (site) => measure(site, jars, options));
  mkdirSync(dirname(resultsFile), { recursive: true });
  writeFileSync(resultsFile, `${JSON.stringify({ at: new Date().toISOString(), ...results }, undefined, 2)}\n`);
  log(`figures: ${resultsFile}`);
}

async function measure(site: BenchSite, jars: string, options: JoinBenchOptions): Promise<Results> {
  const { catchUp, latency, open } = options.quick ? QUICK : FULL;
  const ours = ourJoin(options.nodeArguments);
  const streams = kafkaStreamsJoin({ name: 'Kafka Streams', jars, properties: FOR_THROUGHPUT });
  const atDefaults = kafkaStreamsJoin({ name: 'Kafka Streams, defaults', jars, properties: DEFAULTS });
  const inMemory = kafkaStreamsJoin({
    name: 'Kafka Streams, in memory',
    jars,
    properties: FOR_THROUGHPUT,
    store: 'memory',
  });
  const wants = (part: JoinPart): boolean => options.parts?.includes(part) ?? true;
  const results: Results = {};
  if (wants('catch-up')) {
    const contenders: JoinContender[] = [ours, streams, ...(options.allPeers ? [atDefaults, inMemory] : [])];
    const rounds = await measureCatchUp(site, contenders, { ...catchUp, rounds: options.rounds });
    process.stdout.write(reportCatchUp(rounds, catchUp.sessions));
    results.catchUp = { sessions: catchUp.sessions, rounds: Object.fromEntries(rounds) };
  }
  if (wants('latency')) {
    const contenders = await measureLatency(site, [ours, atDefaults], latency);
    process.stdout.write(reportLatency(contenders, SESSIONS_PER_SECOND));
    results.latency = { sessionsPerSecond: SESSIONS_PER_SECOND, contenders: Object.fromEntries(contenders) };
  }
  if (wants('open-sessions')) {
    const sizes: OpenSessions[] = [];
    for (const size of open.sizes)
      sizes.push(await measureOpenSessions(site, ours, size, { ...open, rounds: options.rounds }));
    process.stdout.write(reportOpenSessions(sizes));
    results.openSessions = sizes;
  }
  return results;
}
