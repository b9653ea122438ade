import type { Admin, Kafka } from 'kafkajs';
import { Backoff } from '../../async/backoff.js';
import { sleep, systemClock, type Clock } from '../../async/clock.js';

export type PartitionBounds = { readonly low: number; readonly end: number };

/** Attempts of one question, over three seconds on average: an election of a leader or coordinator takes less. */
const MAX_ATTEMPTS = 6;
const BACKOFF = { initialMs: 200, maxMs: 3_200 };

/**
 * Reads offsets of topics and groups.
 *
 * When a partition has moved to another broker, kafkajs fails at once and keeps asking the old broker until its metadata expires, for up to
 * five minutes. A new connection loads new metadata, so every attempt after the first uses one.
 */
export class OffsetReader {
  private admin: Promise<Admin> | undefined;
  private isClosed = false;

  constructor(
    private readonly kafka: Kafka,
    private readonly clock: Clock = systemClock,
  ) {}

  async start(): Promise<void> {
    await this.connected();
  }

  /**
   * First offset and end offset (the next one to be written) of each partition, as of some moment during the call; has no entry for a
   * partition without a leader.
   * @throws Error when the brokers do not answer after several attempts: ask again later.
   */
  async bounds(topic: string): Promise<ReadonlyMap<number, PartitionBounds>> {
    const offsets = await this.ask((admin) => admin.fetchTopicOffsets(topic));
    return new Map(offsets.map(({ partition, low, high }) => [partition, { low: Number(low), end: Number(high) }]));
  }

  /**
   * The group's next offset to read, by partition; has no entry for a partition without a committed offset.
   * @throws Error when the brokers do not answer after several attempts: ask again later.
   */
  async committed(groupId: string, topic: string): Promise<ReadonlyMap<number, number>> {
    const [found] = await this.ask((admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
    const offsets = found?.partitions.map(({ partition, offset }) => [partition, Number(offset)] as const) ?? [];
    return new Map(offsets.filter(([, offset]) => offset >= 0));
  }

  /** Closes the connection. Questions in flight fail and are not repeated. */
  async close(): Promise<void> {
    this.isClosed = true;
    const admin = await this.admin?.catch(() => undefined);
    await admin?.disconnect();
  }

  private async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const backoff = new Backoff(BACKOFF);
    for (let attempt = 1; ; attempt += 1) {
      if (this.isClosed) throw new Error('the offset reader is closed');
      const used = this.connected();
      try {
        return await question(await used);
      } catch (error) {
        this.drop(used);
        if (attempt === MAX_ATTEMPTS) throw error;
        await sleep(this.clock, backoff.nextMs());
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

  /** Closes a connection. Another question in flight on it fails too and is repeated. */
  private drop(used: Promise<Admin>): void {
    if (this.admin === used) this.admin = undefined;
    used.then((admin) => admin.disconnect()).catch(() => undefined);
  }
}
