import { randomUUID } from 'node:crypto';
import type { Kafka } from '../../infra/kafka/connection/client.js';

export type ReadRecord = {
  readonly partition: number;
  readonly key: string | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
};

/** Reads a topic from its beginning with plain kafkajs, including headers. */
export class TopicReader {
  readonly records: ReadRecord[] = [];
  private readonly checks = new Set<() => void>();
  private readonly consumer;

  constructor(
    kafka: Kafka,
    private readonly topic: string,
  ) {
    this.consumer = kafka.consumer({ groupId: `test-${randomUUID()}`, maxWaitTimeInMs: 50 });
  }

  async start(): Promise<void> {
    await this.consumer.connect();
    await this.consumer.subscribe({ topic: this.topic, fromBeginning: true });
    await this.consumer.run({
      eachMessage: ({ partition, message }) => {
        const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)] as const);
        const { key, value } = message;
        this.records.push({
          partition,
          key: key?.toString() ?? null,
          value: value ?? Buffer.alloc(0),
          headers: Object.fromEntries(headers),
        });
        for (const check of this.checks) check();
        return Promise.resolve();
      },
    });
  }

  /** Resolves to the matching records once at least `count` of them have been read. */
  async until(count: number, matches: (record: ReadRecord) => boolean): Promise<readonly ReadRecord[]> {
    await this.untilTrue(() => this.records.filter(matches).length >= count);
    return this.records.filter(matches);
  }

  /** Resolves once every key has been read. */
  async untilKeys(keys: readonly string[]): Promise<void> {
    await this.untilTrue(() => {
      const read = new Set(this.records.map(({ key }) => key));
      return keys.every((key) => read.has(key));
    });
  }

  private untilTrue(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.checks.delete(check);
        resolve();
      };
      this.checks.add(check);
      check();
    });
  }

  async stop(): Promise<void> {
    await this.consumer.disconnect();
  }
}
