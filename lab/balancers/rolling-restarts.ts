import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../dev/local-stack/folders.js';
import { startProgram } from '../../dev/local-stack/process/program.js';
import type { Exit, ReadyProcess } from '../../dev/local-stack/process/supervised-process.js';
import { untilReady } from '../../dev/local-stack/services/readiness.js';
import { sleep, systemClock } from '../../infra/async/clock.js';
import { haproxyUsesAll, startBalancer, type Balancer } from './balancer-process.js';
import { BALANCERS } from './documented-config.js';
import { EventSender, TOKEN, type Tally } from './event-sender.js';
import { PollingProxy } from './polling-proxy.js';

export type RollingRestartsOptions = {
  /** Folder for files of balancers and ingresses. */
  readonly dir: string;
  readonly ports: readonly [number, number];
  /** How often each ingress is restarted. */
  readonly rounds: number;
  /** Events a second through each of the balancers: nginx, HAProxy, and a proxy that polls. */
  readonly rate: number;
  /** The load goes on until at least so many events were sent. */
  readonly minEvents?: number;
  readonly shutdownDelayMs: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal;
};

export type RollingRestartsResult = { readonly tally: Tally; readonly exits: readonly Exit[] };

const TICK_MS = 10;
const USED_AGAIN_MS = 60_000;
/** Events that may be without an answer. On a slow machine, the load falls behind its schedule instead of growing without bound. */
const MAX_UNDER_WAY = 300;

/** Restarts two ingresses in turn with SIGTERM, under a steady load through balancers. Without Kafka: the spool answers. */
export async function runRollingRestarts(options: RollingRestartsOptions): Promise<RollingRestartsResult> {
  const { dir, ports, rounds, rate, log = () => undefined, signal } = options;
  const sender = new EventSender('rolling');
  const ingresses = ports.map((port) => startIngress(options, port));
  const balancers: Balancer[] = [];
  const exits: Exit[] = [];
  let polling: PollingProxy | undefined;
  let load: Load | undefined;
  try {
    await Promise.all(ingresses.map((ingress) => ingress.waitReady({ signal })));
    for (const name of BALANCERS) balancers.push(await startBalancer(name, dir, ports));
    const socket = join(dir, 'polling.sock');
    const proxy = (polling = await PollingProxy.start(socket, ports));
    const everybodyUsesAll = async (): Promise<boolean> => proxy.usesAll && (await haproxyUsesAll(dir));
    const doors = [
      ...balancers.map((one) => [one.process.name, one.sockets[0] ?? ''] as const),
      ['polling', socket] as const,
    ];
    load = new Load(sender, doors, rate);
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, port] of ports.entries()) {
        await untilReady('a balancer', everybodyUsesAll, USED_AGAIN_MS, signal);
        exits.push((await ingresses[index]?.stop()) ?? { code: null, signal: null });
        const restarted = (ingresses[index] = startIngress(options, port));
        await restarted.waitReady({ signal });
        log(
          `round ${round + 1}, ingress ${index + 1} restarted: ${sender.tally.sent} sent, ${sender.tally.lost.length} lost`,
        );
      }
    }
    await untilReady('a balancer', everybodyUsesAll, USED_AGAIN_MS, signal);
    while (sender.tally.sent < (options.minEvents ?? 0) && signal?.aborted !== true) await sleep(systemClock, TICK_MS);
    await load.stop();
  } finally {
    await load?.stop();
    polling?.stop();
    await Promise.all([...balancers.map((one) => one.process), ...ingresses].map((one) => one.stop()));
    sender.close();
  }
  return { tally: sender.tally, exits };
}

function startIngress({ dir, shutdownDelayMs, env }: RollingRestartsOptions, port: number): ReadyProcess {
  const spool = join(dir, `spool-${port}`);
  mkdirSync(spool, { recursive: true });
  return startProgram({
    name: 'ingress',
    script: join(projectRoot, 'dist', 'ingress', 'main.js'),
    env: {
      PATH: process.env['PATH'],
      INGRESS_HOST: '127.0.0.1',
      INGRESS_PORT: String(port),
      INGRESS_TOKENS: TOKEN,
      INGRESS_SPOOL_DIR: spool,
      INGRESS_SHUTDOWN_DELAY_MS: String(shutdownDelayMs),
      // Ready with the spool alone.
      INGRESS_READY_TIMEOUT_MS: '1',
      KAFKA_BROKERS: '127.0.0.1:9',
      ...env,
    },
    logFile: join(dir, `ingress-${port}.log`),
    readyUrl: `http://127.0.0.1:${port}/readyz`,
    graceMs: shutdownDelayMs + 30_000,
  });
}

/** Sends events on schedule, whatever the answers do, through each balancer in turn. */
class Load {
  private readonly underWay = new Set<Promise<void>>();
  private readonly stopped = new AbortController();
  private readonly ended: Promise<void>;

  constructor(sender: EventSender, doors: readonly (readonly [name: string, socket: string])[], rate: number) {
    this.ended = this.run(sender, doors, rate);
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.ended;
    await Promise.all(this.underWay);
  }

  private async run(
    sender: EventSender,
    doors: readonly (readonly [name: string, socket: string])[],
    rate: number,
  ): Promise<void> {
    const start = systemClock.monotonic();
    let sent = 0;
    while (!this.stopped.signal.aborted) {
      const due = Math.floor(((systemClock.monotonic() - start) / 1_000) * rate);
      for (; sent < due; sent += 1) {
        if (this.underWay.size >= MAX_UNDER_WAY) continue;
        for (const [name, socket] of doors) {
          const one = sender.send(name, socket).finally(() => this.underWay.delete(one));
          this.underWay.add(one);
        }
      }
      await sleep(systemClock, TICK_MS);
    }
  }
}
