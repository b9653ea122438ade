import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../dev/local-stack/folders.js';
import { findFreeBase } from '../../dev/local-stack/tcp-ports.js';
import { startProgram } from '../../dev/local-stack/process/program.js';
import { balancerProgram, BALANCERS } from '../../lab/balancers/documented-config.js';
import { TOKEN, type Tally } from '../../lab/balancers/event-sender.js';
import { runIdleLanes } from '../../lab/balancers/idle-lanes.js';
import { runRollingRestarts } from '../../lab/balancers/rolling-restarts.js';
import { textTable } from '../../lab/text-table.js';
import type { SoakOptions } from '../soak-options.js';

/** Twice 400 pools, 26 requests each; ten restarts under 510 events a second. */
const FULL = { lanes: 400, requests: 26, rounds: 5, rate: 170, minEvents: 100_000 };
const QUICK = { lanes: 100, requests: 4, rounds: 1, rate: 100, minEvents: 0 };
const SHUTDOWN_DELAY_MS = 10_000;

/**
 * `npm run soak -- balancers`: lets the connections of real nginx and HAProxy be idle for 7 to 13 s before they are used, then restarts two
 * ingresses in turn behind nginx, HAProxy and a proxy that polls. The ingresses have no Kafka: the spool answers. Returns whether every
 * event was accepted and every ingress exited with 0.
 *
 * `INGRESS_KEEP_ALIVE` is passed on: with `always`, the first part shows what the default prevents.
 */
export async function soakBalancers({ seed, quick, log, signal }: SoakOptions): Promise<boolean> {
  const missing = BALANCERS.filter((name) => balancerProgram(name) === undefined);
  if (missing.length > 0) throw new Error(`install ${missing.join(' and ')} for this soak`);
  log(`seed ${seed}`);
  const { lanes, requests, ...restarts } = quick ? QUICK : FULL;
  const dir = mkdtempSync(join(tmpdir(), 'soak-balancers-'));
  let isSound = false;
  try {
    const idle = await idleLanes(dir, { seed, lanes, requests, signal });
    log(`idle connections: ${idle.lost.length} of ${idle.sent} lost`);
    const base = await findFreeBase();
    const folder = join(dir, 'restarts');
    mkdirSync(folder);
    const ports = [base, base + 1] as const;
    const shutdownDelayMs = SHUTDOWN_DELAY_MS;
    const { tally, exits } = await runRollingRestarts({
      dir: folder,
      ports,
      ...restarts,
      shutdownDelayMs,
      log,
      signal,
    });
    process.stdout.write(
      textTable(
        [
          ['', 'sent', 'accepted', 'lost'],
          ['idle for 7 to 13 s', idle.sent, idle.accepted, idle.lost.length],
          [`${exits.length} restarts`, tally.sent, tally.accepted, tally.lost.length],
        ].map((row) => row.map(String)),
      ),
    );
    const bad = exits.filter(({ code }) => code !== 0).map(({ code, signal: by }) => `exit ${code ?? by ?? ''}`);
    const violations = [...idle.lost, ...tally.lost, ...bad];
    for (const violation of new Set(violations)) process.stdout.write(`VIOLATION ${violation}\n`);
    isSound = violations.length === 0;
    return isSound;
  } finally {
    if (isSound || signal.aborted) rmSync(dir, { recursive: true, force: true });
    else log(`kept logs in ${dir}`);
  }
}

type IdlePart = {
  readonly seed: number;
  readonly lanes: number;
  readonly requests: number;
  readonly signal: AbortSignal;
};

async function idleLanes(parent: string, part: IdlePart): Promise<Tally> {
  const dir = join(parent, 'idle');
  mkdirSync(dir);
  const port = await findFreeBase();
  const ingress = startProgram({
    name: 'ingress',
    script: join(projectRoot, 'dist', 'ingress', 'main.js'),
    env: {
      PATH: process.env['PATH'],
      INGRESS_HOST: '127.0.0.1',
      INGRESS_PORT: String(port),
      INGRESS_TOKENS: TOKEN,
      INGRESS_SPOOL_DIR: join(dir, 'spool'),
      INGRESS_KEEP_ALIVE: process.env['INGRESS_KEEP_ALIVE'] ?? 'auto',
      INGRESS_READY_TIMEOUT_MS: '1',
      KAFKA_BROKERS: '127.0.0.1:9',
    },
    logFile: join(dir, 'ingress.log'),
    readyUrl: `http://127.0.0.1:${port}/readyz`,
  });
  try {
    await ingress.waitReady({ signal: part.signal });
    return await runIdleLanes({ dir, port, ...part });
  } finally {
    await ingress.stop();
  }
}
