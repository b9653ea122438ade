import type { Kafka } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';
import { GroupConsumer, type InputBatch, type InputRecord } from './group-consumer.js';
import type { OffsetReader } from './offset-reader.js';

/** A read made no progress for so long that something is wrong with the topic or the broker. Try again later. */
export class ReadStalledError extends Error {
  override readonly name = 'ReadStalledError';
}

type Read = {
  position: number;
  readonly onRecord: (record: InputRecord) => 'more' | 'done';
  readonly finish: (error?: Error) => void;
  stalled: NodeJS.Timeout;
};

/** Reaction time to a new read. While nothing is read, all partitions are paused and nothing is sent but heartbeats. */
const MAX_WAIT_MS = 200;
const STALLED_AFTER_MS = 60_000;
/** Between tries to get a consumer again after one has crashed. */
const RESTART_MS = 1_000;
const BYTES_PER_FETCH = 4 * 1024 * 1024;

/**
 * Reads single partitions of a topic from the start, read committed.
 *
 * kafkajs has no `assign()`: so this is the only member of a group of its own, which has every partition, all of them paused but
 * the ones that are being read. The group stays joined for the life of the process, since joining can take seconds.
 *
 * Where a read ends is the caller's to say, by a record that it knows to be the last: an end offset is no sure sign on a
 * transactional topic, because control records stand after the last record. That end record also keeps a fetch from
 * coming back empty for ever at a compaction gap (kafkajs #1072): there is always a record behind the gap.
 */
export class PartitionReader {
  private readonly reads = new Map<number, Read>();
  private consumer: GroupConsumer;
  /** Resolves once the present consumer has its partitions. */
  private joined: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly kafka: Kafka,
    private readonly groupId: string,
    private readonly topic: string,
    private readonly offsets: OffsetReader,
  ) {
    this.consumer = this.createConsumer();
  }

  async start(): Promise<void> {
    await this.consumer.start();
    await this.joined;
  }

  /**
   * Gives the partition's records in order, from its first, until `onRecord` answers `done`.
   * @throws ReadStalledError when nothing has come for a minute.
   * @throws Error when the consumer crashed: read again, the reader recovers by itself.
   */
  async read(partition: number, onRecord: (record: InputRecord) => 'more' | 'done'): Promise<void> {
    if (this.reads.has(partition)) throw new Error(`partition ${partition} of ${this.topic} is being read already`);
    await this.joined;
    const low = (await this.offsets.bounds(this.topic)).get(partition)?.low ?? 0;
    await new Promise<void>((resolve, reject) => {
      const finish = (error?: Error): void => {
        clearTimeout(read.stalled);
        if (!this.reads.delete(partition)) return;
        this.consumer.pause([partition]);
        if (error === undefined) resolve();
        else reject(error);
      };
      const read: Read = { position: low, onRecord, finish, stalled: this.watch(partition, finish) };
      this.reads.set(partition, read);
      this.begin(partition, low);
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const read of [...this.reads.values()]) read.finish(new Error('the reader was stopped'));
    await this.consumer.stop();
  }

  private createConsumer(): GroupConsumer {
    let onJoined = (): void => undefined;
    this.joined = new Promise((resolve) => (onJoined = resolve));
    const consumer: GroupConsumer = new GroupConsumer(this.kafka, {
      groupId: this.groupId,
      topic: this.topic,
      maxWaitMs: MAX_WAIT_MS,
      maxBytesPerPartition: BYTES_PER_FETCH,
      onAssigned: () => {
        consumer.pause();
        for (const [partition, read] of this.reads) this.begin(partition, read.position);
        onJoined();
      },
      onBatch: (batch) => this.deliver(batch),
      onCrash: (error) => {
        for (const read of [...this.reads.values()]) read.finish(error);
        void this.replace(consumer);
      },
    });
    return consumer;
  }

  private async replace(crashed: GroupConsumer): Promise<void> {
    this.consumer = this.createConsumer();
    await crashed.stop().catch(() => undefined);
    while (!this.stopped) {
      await delay(RESTART_MS);
      try {
        await this.consumer.start();
        return;
      } catch {
        // The brokers are still away; who reads meanwhile waits for `joined`.
      }
    }
  }

  private begin(partition: number, position: number): void {
    this.consumer.seek(partition, position);
    this.consumer.resume([partition]);
  }

  private deliver(batch: InputBatch): Promise<void> {
    const read = this.reads.get(batch.partition);
    if (read === undefined) return Promise.resolve();
    clearTimeout(read.stalled);
    for (const record of batch.records) {
      if (record.offset < read.position) continue;
      if (read.onRecord(record) === 'done') {
        read.finish();
        return Promise.resolve();
      }
    }
    read.position = Math.max(read.position, batch.nextOffset);
    read.stalled = this.watch(batch.partition, read.finish);
    return Promise.resolve();
  }

  private watch(partition: number, finish: (error: Error) => void): NodeJS.Timeout {
    return setTimeout(() => {
      finish(
        new ReadStalledError(`no record of ${this.topic}, partition ${partition}, for ${STALLED_AFTER_MS / 1000} s`),
      );
    }, STALLED_AFTER_MS);
  }
}
