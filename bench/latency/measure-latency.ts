import { topicNames } from '../../schemas/topics.js';
import type { LatencySummary } from '../load/latencies.js';
import type { BenchSite } from '../site/bench-site.js';
import { deleteTopics, freshTopics } from '../site/fresh-topics.js';
import { CALL_EVENTS } from '../join/call-sessions.js';
import type { JoinContender } from '../join/contenders/contender.js';
import { LatencyLane, type Turn } from './latency-probe.js';
import { startJoin } from '../join/contenders/start-join.js';

/** What the producer and the consumer of this bench take by themselves: the events are read back from where they were sent to. */
export const FLOOR = 'no join: the event itself';

export type LatencyOptions = {
  readonly rounds: number;
  /** Before the rounds, and not shown: what was measured before leaves the broker work, and new processes compile their code. */
  readonly warmUp: Turn;
  readonly turn: Turn;
};

type Opened = { readonly name: string; readonly lane: LatencyLane; readonly close: () => Promise<void> };

/**
 * At a steady rate: from the moment that a session's last event is handed to the producer until a read_committed consumer has its
 * joined record. The acknowledgement of the event is inside of it. All contenders are up all the time, each on topics of its own, and are
 * given the load in turns.
 */
export async function measureLatency(
  site: BenchSite,
  contenders: readonly JoinContender[],
  { rounds, warmUp, turn }: LatencyOptions,
): Promise<Map<string, LatencySummary[]>> {
  const opened: Opened[] = [];
  try {
    for (const [index, contender] of contenders.entries()) {
      opened.push(await openContender(site, contender, `${site.prefix}latency-${index}.`));
    }
    opened.push(await openFloor(site));
    for (const { lane } of opened) await lane.turn(warmUp);
    const results = new Map<string, LatencySummary[]>(opened.map(({ name }) => [name, []]));
    for (let round = 1; round <= rounds; round += 1) {
      for (const { name, lane } of opened) {
        const summary = await lane.turn(turn);
        results.get(name)?.push(summary);
        site.log(`latency, round ${round} of ${rounds}: ${name}: ${describe(summary)}`);
      }
    }
    return results;
  } finally {
    for (const { close } of opened) await close();
  }
}

async function openContender(site: BenchSite, contender: JoinContender, prefix: string): Promise<Opened> {
  const { name } = contender;
  const { run, process, cleanUp } = await startJoin(site, contender, prefix);
  const close = async (): Promise<void> => {
    await process.stop();
    await cleanUp();
  };
  try {
    const output = topicNames(run.outputPrefix).complete;
    const lane = await LatencyLane.open(site, { name, prefix, output, recordsPerSession: 1 });
    return { name, lane, close: () => lane.close().finally(close) };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openFloor(site: BenchSite): Promise<Opened> {
  const prefix = `${site.prefix}latency-floor.`;
  await freshTopics(site.kafka, prefix);
  const output = topicNames(prefix).events;
  const lane = await LatencyLane.open(site, { name: FLOOR, prefix, output, recordsPerSession: CALL_EVENTS.length });
  return { name: FLOOR, lane, close: () => lane.close().finally(() => deleteTopics(site.kafka, prefix)) };
}

function describe({ p50, p99, max }: LatencySummary): string {
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`;
}
