import { randomBytes } from 'node:crypto';
import type { LoadOptions } from './generate-load.js';
import type { LatencySummary } from './latencies.js';
import type { LoadGenerator, MeasuredLoad } from './load-generator.js';

/** Splits connections and rate among generators. Adds up answers and CPU; latencies are those of the slowest. */
export async function runLoad(
  generators: readonly LoadGenerator[],
  options: Omit<LoadOptions, 'run'>,
): Promise<MeasuredLoad> {
  const { connections, rate } = options;
  const loads = await Promise.all(
    generators.map((generator) =>
      generator.run({
        ...options,
        run: randomBytes(4).toString('hex'),
        connections: connections / generators.length,
        ...(rate !== undefined && { rate: rate / generators.length }),
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
