import { randomUUID } from 'node:crypto';
import type { Kafka } from '../../infra/kafka/connection/client.js';

export type ReadRecord = {
  readonly partition: number;
  readonly key: string | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
};

/** Reads a topic from its beginning with plain kafkajs, headers and all. */
export class TopicReader {
  readonly records: ReadRecord[] = [];
  private readonly looks = new Set<() => void>();
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
        for (const look of this.looks) look();
        return Promise.resolve();
      },
    });
  }

  /** Resolves, to those that fit, once so many records that fit have been read. */
  async until(count: number, fits: (record: ReadRecord) => boolean): Promise<readonly ReadRecord[]> {
    await this.untilTrue(() => this.records.filter(fits).length >= count);
    return this.records.filter(fits);
  }

  /** Resolves once each of the keys has been read at least once. */
  async untilKeys(keys: readonly string[]): Promise<void> {
    await this.untilTrue(() => {
      const read = new Set(this.records.map(({ key }) => key));
      return keys.every((key) => read.has(key));
    });
  }

  private untilTrue(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.looks.delete(look);
        resolve();
      };
      this.looks.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    await this.consumer.disconnect();
  }
}
