import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { systemClock, type Cancel, type Clock } from '../../async/clock.js';
import { withTimeout } from '../../async/timeout.js';
import { isAuthorizationFailure } from '../topics/topic-problem.js';

export type WriteProbeOptions = {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly clock?: Clock;
};

/**
 * Asks regularly whether topics can be written to with acks=all: every partition has a leader and enough in-sync replicas. For a producer
 * that is idle and so does not notice an outage.
 */
export class WriteProbe {
  private lastError: unknown = new Error('Kafka was not asked yet');
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

  /** The latest answer; false when there was none in time. */
  get isHealthy(): boolean {
    return this.lastError === undefined;
  }

  /** Why the topics cannot be written to; `undefined` when they can. */
  get error(): unknown {
    return this.lastError;
  }

  /** Returns at once; a question in flight ends by itself. */
  stop(): void {
    this.isStopped = true;
    this.cancelTimer();
    void this.admin?.disconnect().catch(() => undefined);
  }

  private async ask(): Promise<void> {
    const { timeoutMs, intervalMs } = this.options;
    const asking = this.verifyWritable();
    try {
      await withTimeout(asking, timeoutMs, 'asking Kafka for the state of its topics', this.clock);
      this.lastError = undefined;
    } catch (error) {
      this.lastError = error;
      // Waits for the question: a disconnect with a request in flight never settles, and connections to a hung broker must not pile up.
      await asking.catch(() => undefined);
      await this.admin?.disconnect().catch(() => undefined);
      this.admin = undefined;
    }
    if (!this.isStopped) this.cancelTimer = this.clock.after(intervalMs, () => void this.ask());
  }

  private async verifyWritable(): Promise<void> {
    if (this.admin === undefined) {
      const admin = this.kafka.admin({ retry: { retries: 0 } });
      await admin.connect();
      this.admin = admin;
    }
    const minInsync = await minInsyncReplicas(this.admin, this.topics);
    const { topics } = await this.admin.fetchTopicMetadata({ topics: [...this.topics] });
    for (const { name, partitions } of topics) {
      for (const { partitionId, leader, isr } of partitions) {
        if (leader < 0) throw new Error(`partition ${partitionId} of topic ${name} has no leader`);
        const required = minInsync.get(name) ?? 1;
        if (isr.length >= required) continue;
        throw new Error(
          `partition ${partitionId} of topic ${name} has ${isr.length} in-sync replicas, min.insync.replicas is ${required}`,
        );
      }
    }
  }
}

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
