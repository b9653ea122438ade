import type { Kafka } from 'kafkajs';
import { systemClock, type Cancel, type Clock } from '../../async/clock.js';
import type { InputRecord } from '../protocol/records/input-record.js';
import type { InputBatch } from './partition-feed.js';
import { PartitionFetcher } from './partition-fetcher.js';

/** A read made no progress for so long that the topic or the broker must be at fault. Try again later. */
export class ReadStalledError extends Error {
  override readonly name = 'ReadStalledError';
}

type Read = {
  readonly onRecord: (record: InputRecord) => 'more' | 'done';
  readonly finish: (error?: Error) => void;
  /** Offset after the last record that was read. */
  nextOffset: number;
  cancelStall: Cancel;
};

const STALLED_AFTER_MS = 60_000;
const BYTES_PER_FETCH = 4 * 1024 * 1024;

/**
 * Reads single partitions of a topic from the start, read committed. Connected only while it reads.
 *
 * The caller decides where a read ends, by a record that it knows to be the last one. An end offset would not do for a transactional topic,
 * where control records follow the last record.
 */
export class PartitionReader {
  private readonly reads = new Map<number, Read>();
  private fetcher: PartitionFetcher | undefined;

  constructor(
    private readonly kafka: Kafka,
    private readonly topic: string,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Passes the partition's records on in order, from the first one, until `onRecord` returns `done`.
   * @throws Error of `onRecord`.
   * @throws ReadStalledError when no record has arrived for a minute.
   * @throws Error when the partition cannot be read.
   */
  async read(partition: number, onRecord: (record: InputRecord) => 'more' | 'done'): Promise<void> {
    if (this.reads.has(partition)) throw new Error(`${this.topic}, partition ${partition}, is being read already`);
    const fetcher = (this.fetcher ??= this.connect());
    await new Promise<void>((resolve, reject) => {
      const finish = (error?: Error): void => {
        read.cancelStall();
        if (!this.reads.delete(partition)) return;
        fetcher.drop(partition);
        if (this.reads.size === 0) this.disconnect();
        if (error === undefined) resolve();
        else reject(error);
      };
      const read: Read = { onRecord, finish, nextOffset: 0, cancelStall: () => undefined };
      this.reads.set(partition, read);
      this.watch(partition, read);
      fetcher.read(partition, 0);
    });
  }

  /** Ends all reads: they fail. */
  stop(): void {
    this.finishAll(new Error(`the reader of ${this.topic} was stopped`));
  }

  private connect(): PartitionFetcher {
    return new PartitionFetcher(this.kafka, {
      topic: this.topic,
      maxBytesPerPartition: BYTES_PER_FETCH,
      onBatch: (batch) => {
        this.deliver(batch);
        return Promise.resolve();
      },
      onFailed: (error) => this.finishAll(error),
      clock: this.clock,
    });
  }

  private finishAll(error: Error): void {
    for (const read of [...this.reads.values()]) read.finish(error);
  }

  private disconnect(): void {
    void this.fetcher?.stop();
    this.fetcher = undefined;
  }

  private deliver({ partition, records, nextOffset }: InputBatch): void {
    const read = this.reads.get(partition);
    if (read === undefined) return;
    read.cancelStall();
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
    read.nextOffset = nextOffset;
    this.watch(partition, read);
  }

  private watch(partition: number, read: Read): void {
    read.cancelStall = this.clock.after(STALLED_AFTER_MS, () => {
      const place = `${this.topic}, partition ${partition}, from offset ${read.nextOffset}`;
      read.finish(new ReadStalledError(`no record of ${place} arrived for ${STALLED_AFTER_MS / 1000} s`));
    });
  }
}
