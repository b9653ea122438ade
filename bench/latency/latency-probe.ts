import { randomUUID } from 'node:crypto';
import { GroupConsumer } from '../../infra/kafka/consume/group-consumer.js';
import { produceSessions, type ProduceSession } from '../../infra/kafka/produce/produce-session.js';
import { withProgress } from '../../dev/local-stack/progress.js';
import { topicNames } from '../../schemas/topics.js';
import { wireHeader } from '../../schemas/wire-format.js';
import type { LatencySummary } from '../load/latencies.js';
import { pollUntil } from '../poll-until.js';
import type { BenchSite } from '../site/bench-site.js';
import { registerSubjects } from '../site/schema-ids.js';
import { seededRandom } from '../../lab/random.js';
import { CALL_EVENTS, eventRecord } from '../join/call-sessions.js';
import { LatencyLedger } from './latency-ledger.js';
import { completedByTheLast, shuffledEvents } from '../join/shuffled-events.js';
import { sendSteadily } from './steady-sender.js';

/** A load at a steady rate. Sessions of the uncounted seconds come first. */
export type Turn = { readonly sessionsPerSecond: number; readonly uncountedSeconds: number; readonly seconds: number };

export type LatencyProbeOptions = {
  readonly name: string;
  /** Prefix of the topic that the events are written to. */
  readonly prefix: string;
  /** Topic that is read. */
  readonly output: string;
  /** Number of output records after which a session counts as seen. */
  readonly recordsPerSession: number;
};

const WINDOW_SESSIONS = 250;
const OPEN_TIMEOUT_MS = 10_000;
/** How long the last joined records may take after the last event was sent. */
const LAST_RECORDS = { everyMs: 50, timeoutMs: 15_000 };

/** A producer of events and a read_committed consumer of the results. Both keep running, idle between turns. */
export class LatencyProbe {
  private ledger: LatencyLedger | undefined;
  private sessions = 0;

  private constructor(
    private readonly site: BenchSite,
    private readonly options: LatencyProbeOptions,
    private readonly header: Buffer,
    private readonly producer: ProduceSession,
    private readonly consumer: GroupConsumer,
  ) {}

  /** @throws Error when Kafka cannot be reached. */
  static async open(site: BenchSite, options: LatencyProbeOptions): Promise<LatencyProbe> {
    const { events } = await registerSubjects(site, options.prefix);
    const producer = await produceSessions(site.kafka)(topicNames(options.prefix).events, OPEN_TIMEOUT_MS);
    let onAssigned = (): void => undefined;
    const assigned = new Promise<void>((resolve) => (onAssigned = resolve));
    const consumer = new GroupConsumer(site.kafka, {
      groupId: `bench-latency-${randomUUID()}`,
      topic: options.output,
      startAt: 'committed',
      onAssigned,
      onBatch: ({ records }) => {
        for (const { key } of records) probe.ledger?.seen(key?.toString() ?? '', performance.now());
        return Promise.resolve();
      },
      onCrash: (error) => site.log(`the consumer of ${options.output} crashed: ${String(error)}`),
    });
    const probe = new LatencyProbe(site, options, wireHeader(events), producer, consumer);
    await consumer.start();
    await assigned;
    return probe;
  }

  /**
   * Sends new sessions at a steady rate and waits until all of them are seen.
   * @throws Error when one is not seen in time, or is seen before it was sent.
   */
  async turn({ sessionsPerSecond, uncountedSeconds, seconds }: Turn): Promise<LatencySummary> {
    const { header, site } = this;
    const { name, recordsPerSession } = this.options;
    const from = this.sessions;
    const count = sessionsPerSecond * (uncountedSeconds + seconds);
    const to = (this.sessions += count);
    function* records() {
      const events = shuffledEvents({ from, to }, CALL_EVENTS, WINDOW_SESSIONS, seededRandom(1));
      for (const event of completedByTheLast(events)) yield eventRecord(event, header);
    }
    const ledger = new LatencyLedger(CALL_EVENTS.length, recordsPerSession, sessionsPerSecond * uncountedSeconds);
    this.ledger = ledger;
    await withProgress(site.log, `${name} at ${sessionsPerSecond} sessions/s for ${uncountedSeconds + seconds} s`, () =>
      sendSteadily(this.producer, {
        rate: sessionsPerSecond * CALL_EVENTS.length,
        records: records(),
        onSend: ({ key }) => ledger.sent(key ?? '', performance.now()),
      }),
    );
    if (await pollUntil(() => ledger.sessionsSeen >= count, LAST_RECORDS)) return ledger.summary();
    throw new Error(`${name}: ${count - ledger.sessionsSeen} of ${count} sessions were not joined`);
  }

  async close(): Promise<void> {
    this.producer.close();
    await this.consumer.stop();
  }
}
