import type { Kafka } from 'kafkajs';
import type { InputRecord } from '../protocol/records/input-record.js';
import { PartitionFetcher } from './partition-fetcher.js';
import type { InputBatch } from './partition-feed.js';

/** A read made no progress for so long that something is wrong with the topic or the broker. Try again later. */
export class ReadStalledError extends Error {
  override readonly name = 'ReadStalledError';
}

type Read = {
  readonly onRecord: (record: InputRecord) => 'more' | 'done';
  readonly finish: (error?: Error) => void;
  stalled: NodeJS.Timeout;
};

const STALLED_AFTER_MS = 60_000;
const BYTES_PER_FETCH = 4 * 1024 * 1024;

/**
 * Reads single partitions of a topic from the start, read committed. It is connected while something is being read.
 *
 * Where a read ends is the caller's to say, by a record that it knows to be the last: an end offset is no sure sign on a
 * transactional topic, because control records stand after the last record.
 */
export class PartitionReader {
  private readonly reads = new Map<number, Read>();
  private fetcher: PartitionFetcher | undefined;

  constructor(
    private readonly kafka: Kafka,
    private readonly topic: string,
  ) {}

  /**
   * Gives the partition's records in order, from its first, until `onRecord` answers `done`.
   * @throws what `onRecord` threw.
   * @throws ReadStalledError when nothing has come for a minute.
   * @throws Error when the partition cannot be read.
   */
  async read(partition: number, onRecord: (record: InputRecord) => 'more' | 'done'): Promise<void> {
    if (this.reads.has(partition)) throw new Error(`partition ${partition} of ${this.topic} is being read already`);
    const fetcher = (this.fetcher ??= this.connect());
    await new Promise<void>((resolve, reject) => {
      const finish = (error?: Error): void => {
        clearTimeout(read.stalled);
        if (!this.reads.delete(partition)) return;
        fetcher.drop(partition);
        if (this.reads.size === 0) this.disconnect();
        if (error === undefined) resolve();
        else reject(error);
      };
      const read: Read = { onRecord, finish, stalled: this.watch(partition, finish) };
      this.reads.set(partition, read);
      fetcher.read(partition, 0);
    });
  }

  /** Ends all reads: they fail. */
  stop(): void {
    for (const read of [...this.reads.values()]) read.finish(new Error('the reader was stopped'));
  }

  private connect(): PartitionFetcher {
    return new PartitionFetcher(this.kafka, {
      topic: this.topic,
      maxBytesPerPartition: BYTES_PER_FETCH,
      onBatch: (batch) => {
        this.deliver(batch);
        return Promise.resolve();
      },
      onFailed: (error) => {
        for (const read of [...this.reads.values()]) read.finish(error);
      },
    });
  }

  private disconnect(): void {
    void this.fetcher?.stop();
    this.fetcher = undefined;
  }

  private deliver({ partition, records }: InputBatch): void {
    const read = this.reads.get(partition);
    if (read === undefined) return;
    clearTimeout(read.stalled);
    try {
      for (const record of records) {
        if (read.onRecord(record) === 'more') continue;
        read.finish();
        return;
      }
    } catch (error) {
      read.finish(error as Error);
      return;
    }
    read.stalled = this.watch(partition, read.finish);
  }

  private watch(partition: number, finish: (error: Error) => void): NodeJS.Timeout {
    return setTimeout(() => {
      finish(
        new ReadStalledError(`no record of ${this.topic}, partition ${partition}, for ${STALLED_AFTER_MS / 1000} s`),
      );
    }, STALLED_AFTER_MS);
  }
}
