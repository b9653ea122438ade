import { busyPercent } from '../measure/machine-load.js';
import { cpuMs, peakMemoryMiB } from '../measure/process-usage.js';
import { topicNames } from '../../schemas/topics.js';
import { wireHeader } from '../../schemas/wire-format.js';
import { Backlog } from './backlog.js';
import type { BenchSite } from './bench-site.js';
import { CALL_EVENTS, eventRecord } from './call-sessions.js';
import type { JoinContender } from './contender.js';
import { freshTopics } from './fresh-topics.js';
import { describeFaults, type OutputFaults } from './output-check.js';
import { produceEvents } from './produce-events.js';
import { readOutputs } from './read-outputs.js';
import { registerSubjects } from './schema-ids.js';
import { untilConsumed } from './until-consumed.js';

/** One contender that started with nothing and worked a backlog off. */
export type CatchUp = {
  /** From the first to the last joined record, by the broker's clock. */
  readonly sessionsPerSecond: number;
  /** From the start of the process to its first joined record, and until all it had to say could be read. */
  readonly firstAfterMs: number;
  readonly totalMs: number;
  /** User and system time of the process, its start included. */
  readonly cpuMs: number;
  readonly peakMemoryMiB: number;
  /** How much of the machine was in use right before, by others: above some percent the figures are not to be trusted. */
  readonly othersPercent: number;
  readonly faults: OutputFaults;
};

export type CatchUpOptions = { readonly sessions: number; readonly rounds: number };

/** The same backlog for all, in rounds: each contender once a round, so that a change of the machine's pace meets all of them. */
export async function measureCatchUp(
  site: BenchSite,
  contenders: readonly JoinContender[],
  { sessions, rounds }: CatchUpOptions,
): Promise<Map<string, CatchUp[]>> {
  const prefix = `${site.prefix}catch-up.`;
  const backlog = new Backlog(sessions);
  await produceBacklog(site, prefix, backlog);
  const results = new Map<string, CatchUp[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of contenders) {
      const result = await catchUp(site, contender, prefix, backlog);
      results.get(contender.name)?.push(result);
      site.log(`catch-up, round ${round} of ${rounds}: ${contender.name}: ${describe(result)}`);
    }
  }
  return results;
}

async function produceBacklog(site: BenchSite, prefix: string, backlog: Backlog): Promise<void> {
  await freshTopics(site.kafka, prefix);
  const header = wireHeader((await registerSubjects(site, prefix)).events);
  const topic = topicNames(prefix).events;
  function* records() {
    for (const event of backlog.events()) yield eventRecord(event, header);
  }
  const what = `writing a backlog of ${(backlog.sessions * CALL_EVENTS.length).toLocaleString('en')} events`;
  await produceEvents(site.kafka, topic, records(), what, site.log);
}

async function catchUp(site: BenchSite, contender: JoinContender, prefix: string, backlog: Backlog): Promise<CatchUp> {
  const { kafka, offsets } = site;
  const run = await contender.prepare(site, prefix);
  const othersPercent = await busyPercent();
  const startedAt = Date.now();
  const process = await run.start();
  let usage;
  try {
    const pid = await process.pid;
    await untilConsumed(offsets, run.groupId, topicNames(prefix).events, process);
    usage = { totalMs: Date.now() - startedAt, cpuMs: cpuMs(pid), peakMemoryMiB: peakMemoryMiB(pid) };
  } finally {
    await process.stop();
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

/** Share of the machine in others' use from which on a result is marked. */
const MUCH_PERCENT = 15;

function describe(result: CatchUp): string {
  const { sessionsPerSecond, cpuMs, peakMemoryMiB, totalMs, firstAfterMs, othersPercent, faults } = result;
  const busy =
    othersPercent > MUCH_PERCENT ? `; not to be trusted: others use ${Math.round(othersPercent)} % of the machine` : '';
  return (
    `${Math.round(sessionsPerSecond).toLocaleString('en')} sessions/s, ${(cpuMs / 1000).toFixed(1)} s CPU, ` +
    `${Math.round(peakMemoryMiB)} MiB, ${(totalMs / 1000).toFixed(1)} s in all (${(firstAfterMs / 1000).toFixed(1)} s to the first), ` +
    describeFaults(faults) +
    busy
  );
}
