import type { CommittedRecords } from '../protocol/records/committed-records.js';
import type { InputRecord } from '../protocol/records/input-record.js';

export type InputBatch = {
  readonly partition: number;
  /** In offset order. None: a stretch of the log that holds nothing for a reader of committed records. */
  readonly records: readonly InputRecord[];
  /** Where reading goes on after this batch; past control records and compaction gaps too. */
  readonly nextOffset: number;
  /** The end of the partition when the last of it was fetched: behind the last record that all in-sync replicas had. */
  readonly highWatermark: number;
};

export type FetchedRecords = CommittedRecords & Pick<InputBatch, 'highWatermark'>;

export type BatchHandle = {
  /** True once the consumer is stopping or the position was moved: leave the rest of the batch. */
  readonly isStale: () => boolean;
};

export type PartitionFeedOptions = {
  /** Lets everything else that can go on do so first. */
  readonly nextTurn: () => Promise<void>;
  readonly onBatch: (batch: InputBatch, handle: BatchHandle) => Promise<void>;
  /** A batch was rejected: the feed has ended. */
  readonly onRejected: (error: unknown) => void;
  /** What waited is in hand: there is room for more. */
  readonly onRoom: () => void;
};

/**
 * What was fetched of one partition from an offset on, on its way to whoever processes it: one batch at a time, and what comes meanwhile
 * waits and becomes the next batch. To read from elsewhere, end it and make another.
 */
export class PartitionFeed {
  /** The next offset to fetch. */
  position: number;
  private waiting: FetchedRecords[] = [];
  private bytesWaiting = 0;
  private delivery: Promise<void> | undefined;
  private hasEnded = false;
  private readonly handle: BatchHandle = { isStale: () => this.hasEnded };

  /** @param before of the same partition: its batch in hand is waited for, so that two are never in hand. */
  constructor(
    readonly partition: number,
    offset: number,
    private readonly options: PartitionFeedOptions,
    private before?: PartitionFeed,
  ) {
    this.position = offset;
  }

  /** Takes what stands from `position` on. @param bytes that it keeps in memory. */
  add(fetched: FetchedRecords, bytes: number): void {
    if (fetched.nextOffset === this.position) return;
    this.position = fetched.nextOffset;
    this.waiting.push(fetched);
    this.bytesWaiting += bytes;
    this.delivery ??= this.deliver();
  }

  /** Bytes that wait for the batch in hand to be done. */
  get waitingBytes(): number {
    return this.bytesWaiting;
  }

  get isBusy(): boolean {
    return this.delivery !== undefined;
  }

  /** Nothing is delivered any more, and the batch in hand is stale. */
  end(): void {
    this.hasEnded = true;
  }

  /** Resolves when no batch is in hand; after {@link end} for good. */
  async settled(): Promise<void> {
    await this.before?.settled();
    await this.delivery;
  }

  private async deliver(): Promise<void> {
    try {
      await this.before?.settled();
      this.before = undefined;
      while (!this.hasEnded && this.waiting.length > 0) {
        const batch = this.take();
        // More is asked for before this is worked on, and comes meanwhile.
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

  private take(): InputBatch {
    const { partition, waiting, position } = this;
    this.waiting = [];
    this.bytesWaiting = 0;
    const [first] = waiting;
    const records = waiting.length === 1 && first !== undefined ? first.records : waiting.flatMap((one) => one.records);
    return { partition, records, nextOffset: position, highWatermark: waiting.at(-1)?.highWatermark ?? position };
  }
}
