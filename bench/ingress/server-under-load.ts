import { join } from 'node:path';
import { findFreeBase } from '../../dev/local-stack/tcp-ports.js';
import type { LatencySummary } from '../load/latencies.js';
import type { LoadGenerator } from '../load/load-generator.js';
import { runLoad } from '../load/run-load.js';
import { busyPercentSince, machineTicks } from '../../lab/machine-load.js';
import { cpuMs, treeCpuMs, treePeakMemoryMiB } from '../../lab/process-usage.js';
import { topicSize } from '../../lab/topic-size.js';
import { pollUntil } from '../poll-until.js';
import type { BenchSite } from '../site/bench-site.js';
import { startContender, TOKEN, type Contender, type RunningContender } from './contenders.js';

/** One turn of a server under load. */
export type Throughput = {
  readonly eventsPerSecond: number;
  /** User and system time of the server's processes, for each accepted event. */
  readonly cpuMicrosPerEvent: number;
  /** The same of the load generators, and of the broker (NaN where unknown): they share the machine. */
  readonly loadMicrosPerEvent: number;
  readonly brokerMicrosPerEvent: number;
  /** Since the server started. */
  readonly peakMemoryMiB: number;
  readonly latencyMs: LatencySummary;
  /** Events answered with 2xx that are not in the topic: acknowledged losses. */
  readonly missing: number;
  /** Events in the topic in excess of those sent. */
  readonly repeated: number;
  readonly otherAnswers: number;
  /** Share of all cores in use while the load ran. */
  readonly busyPercent: number;
};

export type Load = {
  readonly durationMs: number;
  /** Events a second; absent: as many as the server accepts. */
  readonly rate?: number;
  readonly bodyBytes?: number;
};

export type Turn = Load & {
  /**
   * Hangs the broker until the end of the turn. Measurement starts after this time: events that are sent first wait for the whole
   * acknowledgement timeout.
   */
  readonly hungForMs?: number;
};

type Faults = Pick<Throughput, 'missing' | 'repeated'>;
type Measured = Omit<Throughput, keyof Faults>;

const CONNECTIONS = 256;
/** How long accepted events may take to arrive, those in the spool included. */
const ARRIVAL = { everyMs: 100, timeoutMs: 60_000 };

/** A server that is loaded in turns through 256 connections, and idle in between. */
export class ServerUnderLoad {
  private sent = 0;
  private accepted = 0;
  private readonly reported = { missing: 0, repeated: 0 };

  private constructor(
    private readonly site: BenchSite,
    private readonly contender: Contender,
    private readonly generators: readonly LoadGenerator[],
    private readonly port: number,
    private readonly server: RunningContender,
    private readonly firstSize: number,
  ) {}

  /** Starts a server. @param generators split its load; other servers may use them too. */
  static async open(
    site: BenchSite,
    contender: Contender,
    generators: readonly LoadGenerator[],
  ): Promise<ServerUnderLoad> {
    const port = await findFreeBase();
    const server = await startContender(contender, port, join(site.dir, 'logs'));
    const size = contender.topic === undefined ? 0 : await topicSize(site.offsets, contender.topic);
    return new ServerUnderLoad(site, contender, generators, port, server, size);
  }

  get name(): string {
    return this.contender.name;
  }

  /** Load that is not measured. Events that it loses are counted in the next turn. */
  async warmUp(load: Load): Promise<void> {
    await this.load(load);
  }

  /** Resolves when all accepted events have arrived or are counted as missing. */
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
      broker?.resume();
    }
  }

  private async measure(load: Load): Promise<Measured> {
    const { broker } = this.site;
    const pid = this.server.pid;
    const brokerCpuMs = (): number => (broker === undefined ? NaN : cpuMs(broker.pid()));
    const [cpu, brokerCpu, ticks] = [treeCpuMs(pid), brokerCpuMs(), machineTicks()];
    const { accepted, otherAnswers, seconds, latencyMs, cpuMs: loadMs } = await this.load(load);
    const [usedMs, brokerMs] = [treeCpuMs(pid) - cpu, brokerCpuMs() - brokerCpu];
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

  /** Faults that no earlier turn has reported. */
  private async faults(): Promise<Faults> {
    const { site, firstSize, reported, sent, accepted } = this;
    const { topic } = this.contender;
    let faults: Faults = { missing: 0, repeated: 0 };
    if (topic === undefined) return faults;
    const hasArrived = async (): Promise<boolean> => {
      const arrived = (await topicSize(site.offsets, topic)) - firstSize;
      const missing = Math.max(0, accepted - arrived - reported.missing);
      faults = { missing, repeated: Math.max(0, arrived - sent - reported.repeated) };
      return missing === 0;
    };
    await pollUntil(hasArrived, ARRIVAL);
    reported.missing += faults.missing;
    reported.repeated += faults.repeated;
    return faults;
  }
}
