import { randomUUID } from 'node:crypto';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import { GroupConsumer, type InputRecord } from '../../infra/kafka/consume/group-consumer.js';

/** Everything that a read_committed consumer sees of a topic, and a way to wait for it without sleeping. */
export class TopicRecords {
  readonly records: InputRecord[] = [];
  private readonly waiting = new Set<() => void>();
  private readonly consumer: GroupConsumer;

  private constructor(
    kafka: Kafka,
    readonly topic: string,
  ) {
    this.consumer = new GroupConsumer(kafka, {
      groupId: `test-${randomUUID()}`,
      topic,
      startAt: 'committed',
      maxWaitMs: 50,
      onAssigned: () => undefined,
      onBatch: ({ records }) => {
        this.records.push(...records);
        for (const look of this.waiting) look();
        return Promise.resolve();
      },
      onCrash: (error) => {
        throw error;
      },
    });
  }

  static async open(kafka: Kafka, topic: string): Promise<TopicRecords> {
    const records = new TopicRecords(kafka, topic);
    await records.consumer.start();
    return records;
  }

  /** Resolves as soon as what has been read satisfies the condition; the test's own timeout is the limit. */
  async until(enough: (records: readonly InputRecord[]) => boolean): Promise<readonly InputRecord[]> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!enough(this.records)) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
    return this.records;
  }

  async close(): Promise<void> {
    await this.consumer.stop();
  }
}
