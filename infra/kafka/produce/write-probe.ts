import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { withTimeout } from '../../async/timeout.js';

/**
 * Asks, again and again, whether topics can be written to with acks=all: every partition has a leader and enough in-sync replicas.
 * For a producer that is idle and so would not notice an outage.
 */
export class WriteProbe {
  private healthy = false;
  private readonly stopped = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private admin: Admin | undefined;

  constructor(
    private readonly kafka: Kafka,
    private readonly topics: readonly string[],
    private readonly options: { readonly intervalMs: number; readonly timeoutMs: number },
  ) {}

  start(): void {
    void this.ask();
  }

  /** What the last answer said; false when there was none in time. */
  get isHealthy(): boolean {
    return this.healthy;
  }

  /** Returns at once; a question under way ends by itself. */
  stop(): void {
    this.stopped.abort();
    clearTimeout(this.timer);
    void this.admin?.disconnect().catch(() => undefined);
  }

  private async ask(): Promise<void> {
    const asking = this.areWritable();
    try {
      this.healthy = await withTimeout(asking, this.options.timeoutMs, 'asking Kafka for its topics');
    } catch {
      this.healthy = false;
      // Not before it has ended: a disconnect with a request in flight never settles, and a hung broker must not collect connections.
      await asking.catch(() => undefined);
      await this.admin?.disconnect().catch(() => undefined);
      this.admin = undefined;
    }
    if (this.stopped.signal.aborted) return;
    this.timer = setTimeout(() => void this.ask(), this.options.intervalMs);
  }

  private async areWritable(): Promise<boolean> {
    if (this.admin === undefined) {
      const admin = this.kafka.admin({ retry: { retries: 0 } });
      await admin.connect();
      this.admin = admin;
    }
    const minInsync = await minInsyncReplicas(this.admin, this.topics);
    const { topics } = await this.admin.fetchTopicMetadata({ topics: [...this.topics] });
    return topics.every(({ name, partitions }) =>
      partitions.every(({ leader, isr }) => leader >= 0 && isr.length >= (minInsync.get(name) ?? 1)),
    );
  }
}

async function minInsyncReplicas(admin: Admin, topics: readonly string[]): Promise<Map<string, number>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: ['min.insync.replicas'],
    })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [resourceName, Number(configEntries[0]?.configValue ?? 1)]),
  );
}
