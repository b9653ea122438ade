import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { systemClock, type Cancel, type Clock } from '../../async/clock.js';
import { withTimeout } from '../../async/timeout.js';
import { isAuthorizationFailure } from '../topics/topic-problem.js';

export type WriteProbeOptions = {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly clock?: Clock;
};

type TopicState = { readonly unavailable: ReadonlyMap<number, string>; readonly partitions: number };

const NONE: ReadonlyMap<number, string> = new Map();

/**
 * Asks regularly which partitions can be written to with acks=all: they have a leader and enough in-sync replicas. For a producer that is
 * idle and so does not notice an outage.
 */
export class WriteProbe {
  /** By topic: the partitions that cannot be written to, and why; the number of all partitions. Undefined: no answer in time. */
  private latest: ReadonlyMap<string, TopicState> | undefined;
  private askError: unknown = new Error('Kafka was not asked yet');
  private settings: { readonly readAt: number; readonly minInsync: ReadonlyMap<string, number> } | undefined;
  private isStopped = false;
  private cancelTimer: Cancel = () => undefined;
  private admin: Admin | undefined;
  private readonly clock: Clock;

  constructor(
    private readonly kafka: Kafka,
    private readonly topics: readonly string[],
    private readonly options: WriteProbeOptions,
  ) {
    this.clock = options.clock ?? systemClock;
  }

  start(): void {
    void this.ask();
  }

  /** Whether any partition of a topic can be written to, by the latest answer; false when there was none in time. */
  isWritable(topic: string): boolean {
    const state = this.latest?.get(topic);
    return state !== undefined && state.unavailable.size < state.partitions;
  }

  /** The partitions of a topic that cannot be written to, by the latest answer, and why; empty when there was none in time. */
  unavailable(topic: string): ReadonlyMap<number, string> {
    return this.latest?.get(topic)?.unavailable ?? NONE;
  }

  /** Why there was no answer, or a topic of which no partition can be written to; `undefined` when each topic takes some records. */
  get error(): unknown {
    if (this.latest === undefined) return this.askError;
    for (const topic of this.topics) {
      if (this.isWritable(topic)) continue;
      const [first] = this.unavailable(topic);
      if (first === undefined) return new Error(`topic ${topic} has no partitions`);
      return new Error(`no partition of topic ${topic} can be written to: partition ${first[0]}: ${first[1]}`);
    }
    return undefined;
  }

  /** Returns at once; a question in flight ends by itself. */
  stop(): void {
    this.isStopped = true;
    this.cancelTimer();
    void this.admin?.disconnect().catch(() => undefined);
  }

  private async ask(): Promise<void> {
    const { timeoutMs, intervalMs } = this.options;
    const asking = this.states();
    try {
      this.latest = await withTimeout(asking, timeoutMs, 'asking Kafka for the state of its topics', this.clock);
    } catch (error) {
      this.latest = undefined;
      this.askError = error;
      // Waits for the question: a disconnect with a request in flight never settles, and connections to a hung broker must not pile up.
      await asking.catch(() => undefined);
      await this.admin?.disconnect().catch(() => undefined);
      this.admin = undefined;
    }
    if (!this.isStopped) this.cancelTimer = this.clock.after(intervalMs, () => void this.ask());
  }

  private async states(): Promise<ReadonlyMap<string, TopicState>> {
    if (this.admin === undefined) {
      const admin = this.kafka.admin({ retry: { retries: 0 } });
      await admin.connect();
      this.admin = admin;
    }
    const minInsync = await this.minInsync(this.admin);
    const { topics } = await this.admin.fetchTopicMetadata({ topics: [...this.topics] });
    return new Map(
      topics.map(({ name, partitions }) => {
        const unavailable = new Map<number, string>();
        for (const { partitionId, leader, isr } of partitions) {
          const required = minInsync.get(name) ?? 1;
          if (leader < 0) unavailable.set(partitionId, 'it has no leader');
          else if (isr.length < required) {
            unavailable.set(partitionId, `${isr.length} in-sync replicas, min.insync.replicas is ${required}`);
          }
        }
        return [name, { unavailable, partitions: partitions.length }];
      }),
    );
  }

  /** The known settings stay valid while the broker that is asked for them, one of several, cannot be reached. */
  private async minInsync(admin: Admin): Promise<ReadonlyMap<string, number>> {
    const now = this.clock.monotonic();
    if (this.settings !== undefined && now - this.settings.readAt < SETTINGS_MAX_AGE_MS) return this.settings.minInsync;
    try {
      this.settings = { readAt: now, minInsync: await minInsyncReplicas(admin, this.topics) };
    } catch (error) {
      if (this.settings === undefined) throw error;
    }
    return this.settings.minInsync;
  }
}

/** How often the settings of the topics are read again. They rarely change. */
const SETTINGS_MAX_AGE_MS = 60_000;

/** Empty without permission to describe the topics' settings: then a leader is all that can be asked for. */
async function minInsyncReplicas(admin: Admin, topics: readonly string[]): Promise<Map<string, number>> {
  const { resources } = await admin
    .describeConfigs({
      includeSynonyms: false,
      resources: topics.map((name) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name,
        configNames: ['min.insync.replicas'],
      })),
    })
    .catch((error: unknown) => {
      if (isAuthorizationFailure(error)) return { resources: [] };
      throw error;
    });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [resourceName, Number(configEntries[0]?.configValue ?? 1)]),
  );
}
