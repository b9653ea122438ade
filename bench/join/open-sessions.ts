import { setTimeout as delay } from 'node:timers/promises';
import type { ReadyProcess } from '../../infra/local-stack/supervised-process.js';
import { withProgress } from '../../infra/local-stack/progress.js';
import { topicNames } from '../../schemas/topics.js';
import { wireHeader } from '../../schemas/wire-format.js';
import { median } from '../measure/median.js';
import { cpuMs, peakMemoryMiB, residentMemoryMiB } from '../measure/process-usage.js';
import type { BenchSite } from './bench-site.js';
import { eventRecord, type CallEvent } from './call-sessions.js';
import type { JoinContender, JoinRun } from './contender.js';
import { deleteTopics, freshTopics } from './fresh-topics.js';
import { produceEvents } from './produce-events.js';
import { registerSubjects } from './schema-ids.js';
import { untilConsumed } from './until-consumed.js';

/** A join that holds so many sessions which have begun and are not finalized. */
export type OpenSessions = {
  readonly sessions: number;
  /** Resident memory with all of them, when they have come in, and when it has restored them; and its peak over both. */
  readonly loadedMiB: number;
  readonly restoredMiB: number;
  readonly peakMiB: number;
  /** From the start of the process until it says that it is ready. */
  readonly restoreMs: number;
  /** User and system time for each event of sessions that it holds; the median of the rounds. */
  readonly cpuMicrosPerEvent: number;
  /** Share of a core while nothing comes, in percent. */
  readonly idlePercent: number;
};

export type OpenSessionsOptions = { readonly eventsPerRound: number; readonly rounds: number; readonly idleMs: number };

const LOADED: readonly CallEvent[] = ['session.ended', 'call.ended'];
/** Begun one after the other and ended soon after, as in a log that was read while it was written. */
const LAG_SESSIONS = 1_000;
/** What a load leaves to be cleaned up is no part of being idle. */
const SETTLE_MS = 5_000;
/** Walks through all sessions in an order without locality: prime, so that it meets each once before any twice. */
const STRIDE = 7_919_993;

/** Loads the sessions, sends more events of them, leaves it idle, and starts it again. */
export async function measureOpenSessions(
  site: BenchSite,
  contender: JoinContender,
  sessions: number,
  options: OpenSessionsOptions,
): Promise<OpenSessions> {
  const prefix = `${site.prefix}open-${sessions}.`;
  await freshTopics(site.kafka, prefix);
  const run = await contender.prepare(site, prefix);
  const first = await run.start();
  const load = new OpenLoad(site, prefix, run, sessions);
  let loaded;
  try {
    await first.waitReady();
    const pid = await first.pid;
    await load.begin(first);
    await delay(SETTLE_MS);
    const loadedMiB = residentMemoryMiB(pid);
    const idlePercent = await idleShare(site, pid, options.idleMs);
    const costs: number[] = [];
    for (let round = 1; sessions > 0 && round <= options.rounds; round += 1) {
      const before = cpuMs(pid);
      await load.repeat(first, options.eventsPerRound, round);
      costs.push(((cpuMs(pid) - before) * 1000) / options.eventsPerRound);
    }
    loaded = { loadedMiB, idlePercent, cpuMicrosPerEvent: median(costs), peakMiB: peakMemoryMiB(pid) };
  } finally {
    await first.stop();
  }
  const restored = await restore(site, run);
  await run.cleanUp();
  await deleteTopics(site.kafka, prefix);
  return { sessions, ...loaded, ...restored, peakMiB: Math.max(loaded.peakMiB, restored.peakMiB) };
}

async function restore(site: BenchSite, run: JoinRun) {
  const startedAt = performance.now();
  const again = await run.start();
  try {
    await withProgress(site.log, 'restoring', () => again.waitReady());
    const restoreMs = performance.now() - startedAt;
    await delay(SETTLE_MS);
    const pid = await again.pid;
    return { restoreMs, restoredMiB: residentMemoryMiB(pid), peakMiB: peakMemoryMiB(pid) };
  } finally {
    await again.stop();
  }
}

async function idleShare(site: BenchSite, pid: number, ms: number): Promise<number> {
  const before = cpuMs(pid);
  await withProgress(site.log, `leaving it idle for ${ms / 1000} s`, () => delay(ms));
  return ((cpuMs(pid) - before) / ms) * 100;
}

/** Writes the events of open sessions and waits until they are joined. */
class OpenLoad {
  constructor(
    private readonly site: BenchSite,
    private readonly prefix: string,
    private readonly run: JoinRun,
    private readonly sessions: number,
  ) {}

  /** Opens each session by its first two events. */
  async begin(process: ReadyProcess): Promise<void> {
    const [opening, following] = LOADED;
    if (opening === undefined || following === undefined) return;
    const { sessions } = this;
    function* events() {
      for (let at = 0; at < sessions + LAG_SESSIONS; at += 1) {
        if (at < sessions) yield { session: at, event: opening as CallEvent };
        if (at >= LAG_SESSIONS) yield { session: at - LAG_SESSIONS, event: following as CallEvent };
      }
    }
    await this.send(process, events(), 0);
  }

  /**
   * Delivers events again, with an earlier timestamp: the join notes it, writes the state anew, and the session stays open. They go
   * round all sessions, so that few of them meet in one transaction, however many are open.
   */
  async repeat(process: ReadyProcess, count: number, round: number): Promise<void> {
    const { sessions } = this;
    function* events() {
      for (let n = 0; n < count; n += 1) {
        const event: CallEvent = Math.floor(n / sessions) % 2 === 0 ? 'session.ended' : 'call.ended';
        yield { session: (n * STRIDE) % sessions, event, earlierMs: round * 1_000 + Math.floor(n / sessions) };
      }
    }
    await this.send(process, events(), round);
  }

  private async send(
    process: ReadyProcess,
    events: Iterable<{ session: number; event: CallEvent; earlierMs?: number }>,
    round: number,
  ): Promise<void> {
    const { kafka, offsets, log } = this.site;
    const topic = topicNames(this.prefix).events;
    const header = wireHeader((await registerSubjects(this.site, this.prefix)).events);
    function* records() {
      for (const event of events) yield eventRecord(event, header, event.earlierMs);
    }
    const size = this.sessions.toLocaleString('en');
    const what = round === 0 ? `opening ${size} sessions` : `${size} open sessions: events of them, round ${round}`;
    await produceEvents(kafka, topic, records(), what, log);
    await withProgress(log, `${what}: joining`, () => untilConsumed(offsets, this.run.groupId, topic, process));
  }
}
