import { join } from 'node:path';
import { findFreeBase } from '../../dev/local-stack/tcp-ports.js';
import type { Env } from '../../infra/settings/read-settings.js';
import { onOwnStack, ownStackEnv } from '../on-own-stack.js';
import type { SoakOptions } from '../soak-options.js';
import { BrokerProcess } from '../../lab/broker-process.js';
import { EventLedger } from './event-ledger.js';
import { IngressUnderTest } from './ingress-under-test.js';
import { NumberedEvents } from './numbered-events.js';
import { PHASES, type Schedule } from './phases.js';
import { seededRandom } from '../../lab/random.js';
import { readBack } from './read-back.js';
import { table, violations, type PhaseResult } from './report.js';
import { SteadyLoad } from './steady-load.js';

const FULL: Schedule = { brokerKills: 5, brokerHangs: 5, hangMs: 45_000, ingressKills: 30 };
const QUICK: Schedule = { brokerKills: 1, brokerHangs: 1, hangMs: 10_000, ingressKills: 3 };
const RATE = 3_000;
const CONNECTIONS = 512;
const TOKEN = 'soak';

/**
 * `npm run soak -- ingress`: kills and hangs its own broker, then kills the ingress, under a steady load. Afterwards every event that was
 * answered 2xx must be in the topic with its exact bytes, in its session's order. Returns whether all guarantees held; if not, keeps data
 * and logs.
 */
export async function soakIngress({ seed, quick, log, signal }: SoakOptions): Promise<boolean> {
  log(`seed ${seed}`);
  const faults = await onOwnStack({
    name: 'ingress',
    env: ownStackEnv(),
    log,
    signal,
    work: async (dir, stack) => {
      const port = await findFreeBase();
      const env = { ...stack, ...ingressEnv(port, join(dir, 'spool')) };
      const found = await run({ dir, port, env, seed, schedule: quick ? QUICK : FULL, log, signal });
      for (const fault of found) process.stdout.write(`VIOLATION ${fault}\n`);
      return found;
    },
    isSound: (found) => found.length === 0,
  });
  return faults.length === 0;
}

function ingressEnv(port: number, spoolDir: string): Record<string, string> {
  return {
    INGRESS_HOST: '127.0.0.1',
    INGRESS_PORT: String(port),
    INGRESS_WORKERS: '1',
    INGRESS_TOKENS: TOKEN,
    INGRESS_SPOOL_DIR: spoolDir,
    LOG_LEVEL: 'info',
  };
}

type Run = Pick<SoakOptions, 'seed' | 'log' | 'signal'> & {
  readonly dir: string;
  readonly port: number;
  readonly env: Env;
  readonly schedule: Schedule;
};

async function run({ dir, port, env, seed, schedule, log, signal }: Run): Promise<string[]> {
  const events = new NumberedEvents('/v1/webhooks/pathors', TOKEN);
  const ledger = new EventLedger();
  const ingress = new IngressUnderTest(port, env, join(dir, 'logs', 'ingress.log'), signal);
  const load = new SteadyLoad({ port, rate: RATE, connections: CONNECTIONS, events, ledger });
  const broker = new BrokerProcess(dir);
  const random = seededRandom(seed);
  const results: PhaseResult[] = [];
  try {
    await ingress.start();
    for (const [index, phase] of PHASES.entries()) {
      const tally = ledger.beginPhase();
      if (index === 0) load.start();
      const start = performance.now();
      const drainMs = await phase.run({ broker, ingress, random, log, signal }, schedule);
      results.push({ phase, tally, drainMs, seconds: (performance.now() - start) / 1000 });
    }
    await load.stop();
    await ingress.untilSpool('empty', 60_000);
    log('reading the topic');
    await readBack(env, events, ledger);
  } finally {
    broker.resume();
    await load.stop();
    await ingress.stop();
  }
  process.stdout.write(table(results));
  return violations(results, ledger);
}
