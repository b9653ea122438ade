import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreeBase } from '../../dev/local-stack/tcp-ports.js';
import type { LatencySummary } from '../load/latencies.js';
import type { LoadGenerator } from '../load/load-generator.js';
import { runLoad } from '../load/run-load.js';
import { busyPercentSince, machineTicks } from '../../lab/machine-load.js';
import { cpuMs, treeCpuMs, treePeakMemoryMiB } from '../../lab/process-usage.js';
import { topicSize } from '../../lab/topic-size.js';
import type { BenchSite } from '../site/bench-site.js';
import { startContender, TOKEN, type Contender, type RunningContender } from './contenders.js';

/** One turn of a server under load. */
export type Throughput = {
  readonly eventsPerSecond: number;
  /** User and system time of the server's processes, for each accepted event. */
  readonly cpuMicrosPerEvent: number;
  /** Of the load generators, and of the broker where it can be told, NaN else: they share the machine. */
  readonly loadMicrosPerEvent: number;
  readonly brokerMicrosPerEvent: number;
  /** Since the server was started. */
  readonly peakMemoryMiB: number;
  readonly latencyMs: LatencySummary;
  /** Events answered 2xx that are not in the topic: acknowledged losses. */
  readonly missing: number;
  /** Events in the topic beyond those that were sent. */
  readonly repeated: number;
  readonly otherAnswers: number;
  /** Of all processors, while the load ran. */
  readonly busyPercent: number;
};

export type Load = {
  readonly durationMs: number;
  /** Events a second; absent: as many as the server takes. */
  readonly rate?: number;
  readonly bodyBytes?: number;
};

/** `hungForMs`: hangs the broker; it goes on behind the turn. What is sent in the first so many ms is not measured: it waits as long as it may. */
export type Turn = Load & { readonly hungForMs?: number };

type Faults = Pick<Throughput, 'missing' | 'repeated'>;
type Measured = Omit<Throughput, keyof Faults>;

const CONNECTIONS = 256;
/** What waits in the spool has arrived by then. */
const ARRIVED_WITHIN_MS = 60_000;

/** A server under load through 256 connections, from time to time. It stays, and has nothing to do between turns. */
export class ServerLane {
  private sent = 0;
  private accepted = 0;
  private readonly told = { missing: 0, repeated: 0 };

  private constructor(
    private readonly site: BenchSite,
    private readonly contender: Contender,
    private readonly generators: readonly LoadGenerator[],
    private readonly port: number,
    private readonly server: RunningContender,
    private readonly firstSize: number,
  ) {}

  /** Starts a server. @param generators share the load; they may be shared by lanes. */
  static async open(site: BenchSite, contender: Contender, generators: readonly LoadGenerator[]): Promise<ServerLane> {
    const port = await findFreeBase();
    const server = await startContender(contender, port, join(site.dir, 'logs'));
    const size = contender.topic === undefined ? 0 : await topicSize(site.offsets, contender.topic);
    return new ServerLane(site, contender, generators, port, server, size);
  }

  get name(): string {
    return this.contender.name;
  }

  /** Load that is not measured: what is missing of it shows in the next. */
  async warmUp(load: Load): Promise<void> {
    await this.load(load);
  }

  /** Resolves when all that was accepted has arrived, or is missing. */
  async turn({ hungForMs, ...load }: Turn): Promise<Throughput> {
    const measured = await (hungForMs === undefined ? this.measure(load) : this.measureHung(load, hungForMs));
    return { ...measured, ...(await this.faults()) };
  }

  async close(): Promise<void> {
    await this.server.stop();
  }

  private async measureHung(load: Load, hungForMs: number): Promise<Measured> {
    const { broker } = this.site;
    broker?.hang();
    try {
      await this.load({ ...load, durationMs: hungForMs });
      return await this.measure(load);
    } finally {
      broker?.goOn();
    }
  }

  private async measure(load: Load): Promise<Measured> {
    const { broker } = this.site;
    const pid = this.server.pid;
    const usedByBroker = (): number => (broker === undefined ? NaN : cpuMs(broker.pid()));
    const [cpu, brokerCpu, ticks] = [treeCpuMs(pid), usedByBroker(), machineTicks()];
    const { accepted, otherAnswers, seconds, latencyMs, cpuMs: loadMs } = await this.load(load);
    const [usedMs, brokerMs] = [treeCpuMs(pid) - cpu, usedByBroker() - brokerCpu];
    return {
      eventsPerSecond: accepted / seconds,
      cpuMicrosPerEvent: (usedMs * 1000) / accepted,
      loadMicrosPerEvent: (loadMs * 1000) / accepted,
      brokerMicrosPerEvent: (brokerMs * 1000) / accepted,
      peakMemoryMiB: treePeakMemoryMiB(pid),
      latencyMs,
      otherAnswers,
      busyPercent: busyPercentSince(ticks),
    };
  }

  private async load(load: Load) {
    const where = { port: this.port, path: '/v1/webhooks/pathors', token: TOKEN, connections: CONNECTIONS };
    const { answers, ...measured } = await runLoad(this.generators, { ...where, ...load });
    const accepted = answers['202'] ?? 0;
    const all = Object.values(answers).reduce((sum, count) => sum + count, 0);
    this.accepted += accepted;
    this.sent += all;
    return { ...measured, accepted, otherAnswers: all - accepted };
  }

  /** Those that no turn before has told. */
  private async faults(): Promise<Faults> {
    const { contender, site, firstSize, told, sent, accepted } = this;
    if (contender.topic === undefined) return { missing: 0, repeated: 0 };
    const start = performance.now();
    for (;;) {
      const arrived = (await topicSize(site.offsets, contender.topic)) - firstSize;
      const missing = Math.max(0, accepted - arrived - told.missing);
      const repeated = Math.max(0, arrived - sent - told.repeated);
      if (missing === 0 || performance.now() - start > ARRIVED_WITHIN_MS) {
        told.missing += missing;
        told.repeated += repeated;
        return { missing, repeated };
      }
      await delay(100);
    }
  }
}
