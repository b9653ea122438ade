import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { OffsetReader } from '../../infra/kafka/offset-reader.js';
import { findFreeBase } from '../../infra/local-stack/ports.js';
import type { LatencySummary } from '../load/latencies.js';
import { runLoad, type MeasuredLoad } from '../load/run-load.js';
import { busyPercentSince, machineTicks } from '../measure/machine-load.js';
import { cpuMs, treeCpuMs, treePeakMemoryMiB } from '../measure/process-usage.js';
import { topicSize } from '../measure/topic-size.js';
import type { BenchSite } from '../site/bench-site.js';
import { startContender, TOKEN, type Contender } from './contenders.js';

export type Throughput = {
  readonly eventsPerSecond: number;
  /** User and system time of the server's processes, for each accepted event. */
  readonly cpuMicrosPerEvent: number;
  /** Of the load generators, and of the broker where it can be told, NaN else: they share the machine. */
  readonly loadMicrosPerEvent: number;
  readonly brokerMicrosPerEvent: number;
  readonly peakMemoryMiB: number;
  readonly latencyMs: LatencySummary;
  /** Events answered 2xx that are not in the topic: acknowledged losses. */
  readonly missing: number;
  readonly otherAnswers: number;
  /** Of all processors, while the load ran. */
  readonly busyPercent: number;
};

export type ThroughputOptions = {
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Events a second; absent: as many as the server takes. */
  readonly rate?: number;
  readonly bodyBytes?: number;
  /** Load generators, each a process with its part of the connections. Default: 1. */
  readonly generators?: number;
  /** Hangs the broker before the load that is measured; it goes on behind it. */
  readonly hung?: boolean;
};

const CONNECTIONS = 256;
/** What waits in the spool has arrived by then. */
const ARRIVED_WITHIN_MS = 60_000;

/** One round of one contender: started fresh, warmed up, then loaded through 256 connections. */
export async function measureThroughput(
  site: BenchSite,
  contender: Contender,
  options: ThroughputOptions,
): Promise<Throughput> {
  const { offsets, broker } = site;
  const port = await findFreeBase();
  const server = await startContender(contender, port, join(site.dir, 'logs'));
  const hung = options.hung === true ? broker : undefined;
  try {
    await load(port, options, options.warmUpMs);
    const size = contender.topic === undefined ? 0 : await topicSize(offsets, contender.topic);
    if (hung !== undefined) {
      hung.hang();
      // The first events wait for the acknowledgement as long as they may.
      await load(port, options, options.warmUpMs);
    }
    const used = (): number => treeCpuMs(server.pid);
    const usedByBroker = (): number => (broker === undefined ? NaN : cpuMs(broker.pid()));
    const [cpu, brokerCpu, ticks] = [used(), usedByBroker(), machineTicks()];
    const { answers, seconds, latencyMs, cpuMs: loadMs } = await load(port, options, options.durationMs);
    const [usedMs, brokerMs, busyPercent] = [used() - cpu, usedByBroker() - brokerCpu, busyPercentSince(ticks)];
    hung?.goOn();
    const accepted = answers['202'] ?? 0;
    const others = Object.entries(answers).filter(([status]) => status !== '202');
    const arrived = contender.topic === undefined ? accepted : await arrivals(offsets, contender.topic, size, accepted);
    return {
      eventsPerSecond: accepted / seconds,
      cpuMicrosPerEvent: (usedMs * 1000) / accepted,
      loadMicrosPerEvent: (loadMs * 1000) / accepted,
      brokerMicrosPerEvent: (brokerMs * 1000) / accepted,
      peakMemoryMiB: treePeakMemoryMiB(server.pid),
      latencyMs,
      missing: Math.max(0, accepted - arrived),
      otherAnswers: others.reduce((sum, [, count]) => sum + count, 0),
      busyPercent,
    };
  } finally {
    hung?.goOn();
    await server.stop();
  }
}

/** Of several generators: answers and CPU added up, the worst of their latencies. */
async function load(port: number, options: ThroughputOptions, durationMs: number): Promise<MeasuredLoad> {
  const { rate, bodyBytes, generators = 1 } = options;
  const loads = await Promise.all(
    Array.from({ length: generators }, () =>
      runLoad({
        port,
        path: '/v1/webhooks/pathors',
        token: TOKEN,
        run: randomBytes(4).toString('hex'),
        connections: CONNECTIONS / generators,
        durationMs,
        ...(rate !== undefined && { rate: rate / generators }),
        ...(bodyBytes !== undefined && { bodyBytes }),
      }),
    ),
  );
  return loads.reduce((sum, one) => ({
    answers: added(sum.answers, one.answers),
    seconds: Math.max(sum.seconds, one.seconds),
    latencyMs: worse(sum.latencyMs, one.latencyMs),
    cpuMs: sum.cpuMs + one.cpuMs,
  }));
}

function added(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum = { ...a };
  for (const [status, count] of Object.entries(b)) sum[status] = (sum[status] ?? 0) + count;
  return sum;
}

function worse(a: LatencySummary, b: LatencySummary): LatencySummary {
  return { p50: Math.max(a.p50, b.p50), p99: Math.max(a.p99, b.p99), max: Math.max(a.max, b.max) };
}

/** Records behind the first `size` of a topic, once there are as many as were accepted, or no more have come for too long. */
async function arrivals(offsets: OffsetReader, topic: string, size: number, accepted: number): Promise<number> {
  const start = performance.now();
  for (;;) {
    const arrived = (await topicSize(offsets, topic)) - size;
    if (arrived >= accepted || performance.now() - start > ARRIVED_WITHIN_MS) return arrived;
    await delay(200);
  }
}
