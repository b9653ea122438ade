import type { Admin, Kafka } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';

export type PartitionBounds = { readonly low: number; readonly end: number };

const TRIES = 6;
const FIRST_BACKOFF_MS = 100;

/**
 * Reads offsets of topics and groups.
 *
 * kafkajs gives up at once when a partition has moved to another broker, and asks the old one again for as long as its metadata is
 * not out of date, five minutes. A new connection starts with new metadata: so each try but the first has one.
 */
export class OffsetReader {
  private admin: Promise<Admin> | undefined;
  private isClosed = false;

  constructor(private readonly kafka: Kafka) {}

  async start(): Promise<void> {
    await this.connected();
  }

  /**
   * First offset and end (the next one to be written) of each partition, as of some moment during the call.
   * @throws Error when the brokers do not tell after several tries: ask again later.
   */
  async bounds(topic: string): Promise<ReadonlyMap<number, PartitionBounds>> {
    const offsets = await this.ask((admin) => admin.fetchTopicOffsets(topic));
    return new Map(offsets.map(({ partition, low, high }) => [partition, { low: Number(low), end: Number(high) }]));
  }

  /**
   * The group's next offset to read, by partition; where it has committed none, there is none.
   * @throws Error when the brokers do not tell after several tries: ask again later.
   */
  async committed(groupId: string, topic: string): Promise<ReadonlyMap<number, number>> {
    const [found] = await this.ask((admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
    const offsets = found?.partitions.map(({ partition, offset }) => [partition, Number(offset)] as const) ?? [];
    return new Map(offsets.filter(([, offset]) => offset >= 0));
  }

  /** Closes the connection; questions under way fail and are not asked again. */
  async close(): Promise<void> {
    this.isClosed = true;
    const admin = await this.admin?.catch(() => undefined);
    await admin?.disconnect();
  }

  private async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried += 1) {
      if (this.isClosed) throw new Error('the offset reader was closed');
      const used = this.connected();
      try {
        return await question(await used);
      } catch (error) {
        this.drop(used);
        if (tried === TRIES) throw error;
        await delay(FIRST_BACKOFF_MS * 2 ** (tried - 1));
      }
    }
  }

  private connected(): Promise<Admin> {
    this.admin ??= this.connect();
    return this.admin;
  }

  private async connect(): Promise<Admin> {
    const admin = this.kafka.admin();
    await admin.connect();
    return admin;
  }

  /** Another question may be under way on the same connection: it fails with it, and is asked again. */
  private drop(used: Promise<Admin>): void {
    if (this.admin === used) this.admin = undefined;
    used.then((admin) => admin.disconnect()).catch(() => undefined);
  }
}
