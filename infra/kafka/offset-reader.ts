import type { Admin, Kafka } from 'kafkajs';

export type PartitionBounds = { readonly low: number; readonly end: number };

/** Reads offsets of topics and groups; one connection, opened once. Its requests are retried by kafkajs, then fail. */
export class OffsetReader {
  private readonly admin: Admin;

  constructor(kafka: Kafka) {
    this.admin = kafka.admin();
  }

  async start(): Promise<void> {
    await this.admin.connect();
  }

  /** First offset and end (the next one to be written) of each partition, as of some moment during the call. */
  async bounds(topic: string): Promise<ReadonlyMap<number, PartitionBounds>> {
    const offsets = await this.admin.fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, low, high }) => [partition, { low: Number(low), end: Number(high) }]));
  }

  /** The group's next offset to read, `undefined` when it has committed none. */
  async committed(groupId: string, topic: string, partition: number): Promise<number | undefined> {
    const [found] = await this.admin.fetchOffsets({ groupId, topics: [topic] });
    const offset = Number(found?.partitions.find((entry) => entry.partition === partition)?.offset ?? -1);
    return offset < 0 ? undefined : offset;
  }

  async close(): Promise<void> {
    await this.admin.disconnect();
  }
}
