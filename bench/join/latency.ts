import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { GroupConsumer } from '../../infra/kafka/group-consumer.js';
import { produceSessions } from '../../infra/kafka/produce-session.js';
import { withProgress } from '../../infra/local-stack/progress.js';
import { topicNames } from '../../schemas/topics.js';
import { wireHeader } from '../../schemas/wire-format.js';
import type { LatencySummary } from '../load/latencies.js';
import { seededRandom } from '../soak/ingress/random.js';
import type { BenchSite } from '../site/bench-site.js';
import { CALL_EVENTS, eventRecord } from './call-sessions.js';
import type { JoinContender } from './contender.js';
import { deleteTopics, freshTopics } from '../site/fresh-topics.js';
import { LatencyLedger } from './latency-ledger.js';
import { registerSubjects } from '../site/schema-ids.js';
import { completedByTheLast, shuffledEvents } from './shuffled-events.js';
import { sendSteadily } from './steady-sender.js';

export type LatencyOptions = {
  readonly sessionsPerSecond: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
};

/** What the producer and the consumer of this bench take by themselves: the events are read back from where they were sent to. */
export const FLOOR = 'no join: the event itself';

const WINDOW_SESSIONS = 250;
/** How long a fetch waits on an idle topic; records end the wait at once. */
const FETCH_WAIT_MS = 25;
const OPEN_TIMEOUT_MS = 10_000;
const LAST_RECORDS_WITHIN_MS = 15_000;

/**
 * At a steady rate: from the moment that a session's last event is handed to the producer until a read_committed consumer has its
 * joined record. The acknowledgement of the event is inside of it. One contender after the other, each on topics of its own.
 */
export async function measureLatency(
  site: BenchSite,
  contenders: readonly JoinContender[],
  options: LatencyOptions,
): Promise<Map<string, LatencySummary>> {
  const results = new Map<string, LatencySummary>();
  // Ours first: it is what the others are held against.
  for (const [index, contender] of contenders.entries()) {
    results.set(contender.name, await ofContender(site, contender, `${site.prefix}latency-${index}.`, options));
  }
  results.set(FLOOR, await ofFloor(site, options));
  for (const [name, { p50, p99, max }] of results) {
    site.log(`latency: ${name}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`);
  }
  return results;
}

async function ofFloor(site: BenchSite, options: LatencyOptions): Promise<LatencySummary> {
  const prefix = `${site.prefix}latency-floor.`;
  await freshTopics(site.kafka, prefix);
  const { events } = topicNames(prefix);
  const summary = await load(site, prefix, events, CALL_EVENTS.length, FLOOR, options);
  await deleteTopics(site.kafka, prefix);
  return summary;
}

async function ofContender(
  site: BenchSite,
  contender: JoinContender,
  prefix: string,
  options: LatencyOptions,
): Promise<LatencySummary> {
  await freshTopics(site.kafka, prefix);
  const run = await contender.prepare(site, prefix);
  const process = await run.start();
  try {
    await process.waitReady();
    return await load(site, prefix, topicNames(run.outputPrefix).complete, 1, contender.name, options);
  } finally {
    await process.stop();
    await run.cleanUp();
    await deleteTopics(site.kafka, prefix);
  }
}

async function load(
  site: BenchSite,
  prefix: string,
  output: string,
  recordsPerSession: number,
  name: string,
  { sessionsPerSecond, warmUpSeconds, seconds }: LatencyOptions,
): Promise<LatencySummary> {
  const sessions = sessionsPerSecond * (warmUpSeconds + seconds);
  const ledger = new LatencyLedger(CALL_EVENTS.length, recordsPerSession, sessionsPerSecond * warmUpSeconds);
  const header = wireHeader((await registerSubjects(site, prefix)).events);
  const topic = topicNames(prefix).events;
  function* records() {
    const events = shuffledEvents({ from: 0, to: sessions }, CALL_EVENTS, WINDOW_SESSIONS, seededRandom(1));
    for (const event of completedByTheLast(events)) yield eventRecord(event, header);
  }
  const consumer = await startReading(site, output, (sessionId) => ledger.seen(sessionId, performance.now()));
  const session = await produceSessions(site.kafka)(topic, OPEN_TIMEOUT_MS);
  try {
    await withProgress(site.log, `${name} at ${sessionsPerSecond} sessions/s for ${warmUpSeconds + seconds} s`, () =>
      sendSteadily(session, {
        rate: sessionsPerSecond * CALL_EVENTS.length,
        records: records(),
        onSend: ({ key }) => ledger.sent(key ?? '', performance.now()),
      }),
    );
    const deadline = performance.now() + LAST_RECORDS_WITHIN_MS;
    while (ledger.sessionsSeen < sessions) {
      if (performance.now() > deadline)
        throw new Error(`${name}: ${sessions - ledger.sessionsSeen} sessions not joined`);
      await delay(50);
    }
  } finally {
    session.close();
    await consumer.stop();
  }
  return ledger.summary();
}

async function startReading(site: BenchSite, topic: string, seen: (sessionId: string) => void): Promise<GroupConsumer> {
  let onAssigned = (): void => undefined;
  const assigned = new Promise<void>((resolve) => (onAssigned = resolve));
  const consumer = new GroupConsumer(site.kafka, {
    groupId: `bench-latency-${randomUUID()}`,
    topic,
    startAt: 'committed',
    maxWaitMs: FETCH_WAIT_MS,
    onAssigned,
    onBatch: ({ records }) => {
      for (const { key } of records) seen(key?.toString() ?? '');
      return Promise.resolve();
    },
    onCrash: (error) => site.log(`the bench's consumer crashed: ${String(error)}`),
  });
  await consumer.start();
  await assigned;
  return consumer;
}
