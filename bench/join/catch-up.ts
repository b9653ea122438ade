import { OffsetReader } from '../../infra/kafka/consume/offset-reader.js';
import { topicNames } from '../../schemas/topics.js';
import { wireHeader } from '../../schemas/wire-format.js';
import { busyPercent, busyPercentSince, machineTicks, MAX_OTHERS_PERCENT } from '../../lab/machine-load.js';
import { cpuMs, peakMemoryMiB } from '../../lab/process-usage.js';
import type { BenchSite } from '../site/bench-site.js';
import { freshTopics, PARTITIONS } from '../site/fresh-topics.js';
import { registerSubjects } from '../site/schema-ids.js';
import { Backlog } from './backlog.js';
import { CALL_EVENTS, eventRecord } from './call-sessions.js';
import type { JoinContender } from './contenders/contender.js';
import { describeFaults, type OutputFaults } from './output-check.js';
import { produceEvents } from './produce-events.js';
import { readOutputs } from './read-outputs.js';
import { untilConsumed } from './until-consumed.js';

/** One run of a contender that started without state and processed a backlog. */
export type CatchUp = {
  /** From the first to the last joined record, by the broker's clock. */
  readonly sessionsPerSecond: number;
  /** From the start of the process to its first joined record, and until all of its output could be read. */
  readonly firstAfterMs: number;
  readonly totalMs: number;
  /** User and system time of its processes, their start included; and of the broker meanwhile, NaN where unknown. */
  readonly cpuMs: number;
  readonly brokerCpuMs: number;
  readonly peakMemoryMiB: number;
  /** Share of the machine that other processes used right before; see {@link MAX_OTHERS_PERCENT}. */
  readonly othersPercent: number;
  /** Share of all cores in use meanwhile. */
  readonly busyPercent: number;
  readonly faults: OutputFaults;
};

/** Events in a topic that all contenders read, one after the other. */
export type StoredBacklog = { readonly prefix: string; readonly backlog: Backlog };

/** Writes the events of a number of sessions to a topic of their own. */
export async function storeBacklog(
  site: BenchSite,
  name: string,
  sessions: number,
  partitions = PARTITIONS,
): Promise<StoredBacklog> {
  const prefix = `${site.prefix}${name}.`;
  const backlog = new Backlog(sessions);
  await freshTopics(site.kafka, prefix, partitions);
  const header = wireHeader((await registerSubjects(site, prefix)).events);
  const topic = topicNames(prefix).events;
  function* records() {
    for (const event of backlog.events()) yield eventRecord(event, header);
  }
  const what = `writing a backlog of ${(sessions * CALL_EVENTS.length).toLocaleString('en')} events`;
  await produceEvents(site.kafka, topic, records(), what, site.log);
  return { prefix, backlog };
}

/** Measures contenders on the same backlog, each once a round, so that a change of the machine's pace affects all of them. */
export async function measureCatchUp(
  site: BenchSite,
  contenders: readonly JoinContender[],
  { sessions, rounds }: { readonly sessions: number; readonly rounds: number },
): Promise<Map<string, CatchUp[]>> {
  const stored = await storeBacklog(site, 'catch-up', sessions);
  const results = new Map<string, CatchUp[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of contenders) {
      const result = await catchUp(site, contender, stored, contender.processes);
      results.get(contender.name)?.push(result);
      site.log(`catch-up, round ${round} of ${rounds}: ${contender.name}: ${describe(result)}`);
    }
  }
  return results;
}

/** Lets a contender process a backlog from its start. @param processes number of its processes that share the work. */
export async function catchUp(
  site: BenchSite,
  contender: JoinContender,
  { prefix, backlog }: StoredBacklog,
  processes = 1,
): Promise<CatchUp> {
  const { kafka, offsets, broker } = site;
  const run = await contender.prepare(site, prefix);
  const othersPercent = await busyPercent();
  const brokerCpuMs = (): number => (broker === undefined ? NaN : cpuMs(broker.pid()));
  const [startedAt, brokerBefore, ticks] = [Date.now(), brokerCpuMs(), machineTicks()];
  // A reader of its own: kafkajs waits seconds for any topic that it was once asked for, and an earlier contender's are deleted.
  const watcher = new OffsetReader(kafka);
  const started = await Promise.all(Array.from({ length: processes }, () => run.start()));
  let usage;
  try {
    const pids = await Promise.all(started.map(({ pid }) => pid));
    await Promise.race(started.map((each) => untilConsumed(watcher, run.groupId, topicNames(prefix).events, each)));
    const sum = (of: (pid: number) => number): number => pids.reduce((total, pid) => total + of(pid), 0);
    usage = {
      totalMs: Date.now() - startedAt,
      cpuMs: sum(cpuMs),
      brokerCpuMs: brokerCpuMs() - brokerBefore,
      peakMemoryMiB: sum(peakMemoryMiB),
      busyPercent: busyPercentSince(ticks),
    };
  } finally {
    await Promise.all([...started.map((each) => each.stop()), watcher.close()]);
  }
  const { complete } = await registerSubjects(site, prefix);
  const { faults, firstAt, lastAt } = await readOutputs(kafka, offsets, run.outputPrefix, backlog, complete);
  await run.cleanUp();
  return {
    ...usage,
    sessionsPerSecond: (backlog.sessions / (lastAt - firstAt)) * 1000,
    firstAfterMs: firstAt - startedAt,
    othersPercent,
    faults,
  };
}

export function describe(result: CatchUp): string {
  const { sessionsPerSecond, cpuMs, peakMemoryMiB, totalMs, firstAfterMs, othersPercent, faults } = result;
  const busy =
    othersPercent > MAX_OTHERS_PERCENT
      ? `; do not trust this: other processes use ${Math.round(othersPercent)} % of the machine`
      : '';
  return (
    `${Math.round(sessionsPerSecond).toLocaleString('en')} sessions/s, ${(cpuMs / 1000).toFixed(1)} s CPU, ` +
    `${Math.round(peakMemoryMiB)} MiB, ${(totalMs / 1000).toFixed(1)} s in all (${(firstAfterMs / 1000).toFixed(1)} s to the first), ` +
    describeFaults(faults) +
    busy
  );
}
