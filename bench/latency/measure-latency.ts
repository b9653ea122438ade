import { topicNames } from '../../schemas/topics.js';
import type { LatencySummary } from '../load/latencies.js';
import type { BenchSite } from '../site/bench-site.js';
import { deleteTopics, freshTopics } from '../site/fresh-topics.js';
import { CALL_EVENTS } from '../join/call-sessions.js';
import type { JoinContender } from '../join/contenders/contender.js';
import { LatencyProbe, type Turn } from './latency-probe.js';
import { startJoin } from '../join/contenders/start-join.js';

/** The time of the bench's own producer and consumer: they write and read the same topic, without a join. */
export const FLOOR = 'no join: the event itself';

export type LatencyOptions = {
  readonly rounds: number;
  /** Turn before the rounds, which is not shown: the broker still has work from earlier parts, and new processes compile their code. */
  readonly warmUp: Turn;
  readonly turn: Turn;
};

type OpenProbe = { readonly name: string; readonly probe: LatencyProbe; readonly close: () => Promise<void> };

/**
 * Measures, at a steady rate, the time from handing a session's last event to the producer until a read_committed consumer has its
 * joined record, the acknowledgement of the event included. All contenders keep running, each on topics of its own, and are loaded in
 * turns.
 */
export async function measureLatency(
  site: BenchSite,
  contenders: readonly JoinContender[],
  { rounds, warmUp, turn }: LatencyOptions,
): Promise<Map<string, LatencySummary[]>> {
  const opened: OpenProbe[] = [];
  try {
    for (const [index, contender] of contenders.entries()) {
      opened.push(await openContender(site, contender, `${site.prefix}latency-${index}.`));
    }
    opened.push(await openFloor(site));
    for (const { probe } of opened) await probe.turn(warmUp);
    const results = new Map<string, LatencySummary[]>(opened.map(({ name }) => [name, []]));
    for (let round = 1; round <= rounds; round += 1) {
      for (const { name, probe } of opened) {
        const summary = await probe.turn(turn);
        results.get(name)?.push(summary);
        site.log(`latency, round ${round} of ${rounds}: ${name}: ${describe(summary)}`);
      }
    }
    return results;
  } finally {
    for (const { close } of opened) await close();
  }
}

async function openContender(site: BenchSite, contender: JoinContender, prefix: string): Promise<OpenProbe> {
  const { name } = contender;
  const { run, process, cleanUp } = await startJoin(site, contender, prefix);
  const close = async (): Promise<void> => {
    await process.stop();
    await cleanUp();
  };
  try {
    const output = topicNames(run.outputPrefix).complete;
    const probe = await LatencyProbe.open(site, { name, prefix, output, recordsPerSession: 1 });
    return { name, probe, close: () => probe.close().finally(close) };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openFloor(site: BenchSite): Promise<OpenProbe> {
  const prefix = `${site.prefix}latency-floor.`;
  await freshTopics(site.kafka, prefix);
  const output = topicNames(prefix).events;
  const probe = await LatencyProbe.open(site, { name: FLOOR, prefix, output, recordsPerSession: CALL_EVENTS.length });
  return { name: FLOOR, probe, close: () => probe.close().finally(() => deleteTopics(site.kafka, prefix)) };
}

function describe({ p50, p99, max }: LatencySummary): string {
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`;
}
