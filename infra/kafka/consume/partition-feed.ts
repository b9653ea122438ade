import type { CommittedRecords } from '../protocol/records/committed-records.js';
import type { InputRecord } from '../protocol/records/input-record.js';

export type InputBatch = {
  readonly partition: number;
  /** In offset order. Empty for a stretch of the log that holds nothing for a reader of committed records. */
  readonly records: readonly InputRecord[];
  /** Where reading continues after this batch: after control records and compaction gaps too. */
  readonly nextOffset: number;
  /** End of the partition at the latest fetch: the offset after the last record that all in-sync replicas had. */
  readonly highWatermark: number;
};

export type FetchedRecords = CommittedRecords & Pick<InputBatch, 'highWatermark'>;

export type BatchHandle = {
  /** True once the consumer is stopping or the position was moved: skip the rest of the batch. */
  readonly isStale: () => boolean;
};

export type PartitionFeedOptions = {
  /** Lets all other ready work run first. */
  readonly nextTurn: () => Promise<void>;
  readonly onBatch: (batch: InputBatch, handle: BatchHandle) => Promise<void>;
  /** The processing of a batch failed and the feed has ended. */
  readonly onRejected: (error: unknown) => void;
  /** The waiting records have become a batch: there is room for more. */
  readonly onRoom: () => void;
};

/**
 * Passes the fetched records of one partition on, one batch at a time. Records that arrive during a batch wait and become the next one. A
 * feed reads on from one offset; to read from elsewhere, end it and create another.
 */
export class PartitionFeed {
  /** The next offset to fetch. */
  position: number;
  private waiting: FetchedRecords[] = [];
  private bytesWaiting = 0;
  private delivery: Promise<void> | undefined;
  private hasEnded = false;
  private readonly handle: BatchHandle = { isStale: () => this.hasEnded };

  /** @param before earlier feed of the partition. This one waits for its batch, so that two are never in progress. */
  constructor(
    readonly partition: number,
    offset: number,
    private readonly options: PartitionFeedOptions,
    private before?: PartitionFeed,
  ) {
    this.position = offset;
  }

  /** Adds the records that follow `position`. */
  add(fetched: FetchedRecords): void {
    if (fetched.nextOffset === this.position) return;
    this.position = fetched.nextOffset;
    this.waiting.push(fetched);
    this.bytesWaiting += fetched.bytes;
    this.delivery ??= this.deliver();
  }

  /** Bytes that wait for the batch in progress. */
  get waitingBytes(): number {
    return this.bytesWaiting;
  }

  get isBusy(): boolean {
    return this.delivery !== undefined;
  }

  /** Delivers nothing more; the batch in progress becomes stale. */
  end(): void {
    this.hasEnded = true;
  }

  /** Resolves when no batch is in progress; after {@link end} none follows. */
  async settled(): Promise<void> {
    await this.before?.settled();
    await this.delivery;
  }

  private async deliver(): Promise<void> {
    try {
      await this.before?.settled();
      this.before = undefined;
      while (!this.hasEnded && this.waiting.length > 0) {
        const batch = this.mergeWaiting();
        // Fetches the next records while this batch is processed.
        this.options.onRoom();
        await this.options.nextTurn();
        if (this.handle.isStale()) break;
        await this.options.onBatch(batch, this.handle);
      }
    } catch (error) {
      this.hasEnded = true;
      this.options.onRejected(error);
    } finally {
      this.delivery = undefined;
    }
  }

  private mergeWaiting(): InputBatch {
    const { partition, waiting, position } = this;
    this.waiting = [];
    this.bytesWaiting = 0;
    const [first] = waiting;
    const records = waiting.length === 1 && first !== undefined ? first.records : waiting.flatMap((one) => one.records);
    return { partition, records, nextOffset: position, highWatermark: waiting.at(-1)?.highWatermark ?? position };
  }
}
