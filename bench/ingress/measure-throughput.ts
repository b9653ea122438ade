import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { OffsetReader } from '../../infra/kafka/offset-reader.js';
import type { BrokerProcess } from '../measure/broker-process.js';
import type { LatencySummary } from '../load/latencies.js';
import { runLoad } from '../load/run-load.js';
import { cpuMs, peakMemoryMiB } from '../measure/process-usage.js';
import { topicSize } from '../measure/topic-size.js';
import { startContender, TOKEN, type Contender } from './contenders.js';

export type Throughput = {
  readonly eventsPerSecond: number;
  /** User and system time of the server's process, for each accepted event. */
  readonly cpuMicrosPerEvent: number;
  /** Of the load generator, which shares the machine. */
  readonly loadMicrosPerEvent: number;
  readonly peakMemoryMiB: number;
  readonly latencyMs: LatencySummary;
  /** Events answered 2xx that are not in the topic: acknowledged losses. */
  readonly missing: number;
  readonly otherAnswers: number;
};

export type ThroughputOptions = {
  readonly port: number;
  readonly logDir: string;
  readonly offsets: OffsetReader;
  readonly durationMs: number;
  /** Events a second; absent: as many as the server takes. */
  readonly rate?: number;
  /** Hangs before the load that is measured, and goes on behind it. */
  readonly hung?: BrokerProcess;
};

const CONNECTIONS = 256;
const WARM_UP_MS = 3_000;
/** What waits in the spool has arrived by then. */
const ARRIVED_WITHIN_MS = 60_000;

/** One round of one contender: started fresh, warmed up, then loaded through 256 connections. */
export async function measureThroughput(contender: Contender, options: ThroughputOptions): Promise<Throughput> {
  const { port, logDir, offsets, durationMs, rate, hung } = options;
  const server = await startContender(contender, port, logDir);
  try {
    const load = (ms: number) =>
      runLoad({
        port,
        path: '/v1/webhooks/pathors',
        token: TOKEN,
        run: randomBytes(4).toString('hex'),
        connections: CONNECTIONS,
        durationMs: ms,
        ...(rate !== undefined && { rate }),
      });
    await load(WARM_UP_MS);
    const size = contender.topic === undefined ? 0 : await topicSize(offsets, contender.topic);
    if (hung !== undefined) {
      hung.hang();
      // The first events wait for the acknowledgement as long as they may.
      await load(WARM_UP_MS);
    }
    const cpu = cpuMs(server.pid);
    const { answers, seconds, latencyMs, cpuMs: loadMs } = await load(durationMs);
    const usedMs = cpuMs(server.pid) - cpu;
    hung?.goOn();
    const accepted = answers['202'] ?? 0;
    const others = Object.entries(answers).filter(([status]) => status !== '202');
    const arrived = contender.topic === undefined ? accepted : await arrivals(offsets, contender.topic, size, accepted);
    return {
      eventsPerSecond: accepted / seconds,
      cpuMicrosPerEvent: (usedMs * 1000) / accepted,
      loadMicrosPerEvent: (loadMs * 1000) / accepted,
      peakMemoryMiB: peakMemoryMiB(server.pid),
      latencyMs,
      missing: Math.max(0, accepted - arrived),
      otherAnswers: others.reduce((sum, [, count]) => sum + count, 0),
    };
  } finally {
    hung?.goOn();
    await server.stop();
  }
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
