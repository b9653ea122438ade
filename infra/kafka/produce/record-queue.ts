import type { BatchRecord } from '../protocol/records/record-batch.js';
import type { QueuedRecord } from './queued-record.js';

/** Framing, key and headers of a record in a batch, roughly. */
const OVERHEAD_BYTES = 300;

function recordBytes({ value }: BatchRecord): number {
  return (value?.length ?? 0) + OVERHEAD_BYTES;
}

export type RecordQueueOptions = {
  readonly lingerMs: number;
  /** With so many bytes a batch does not linger. */
  readonly eagerBatchBytes: number;
  /** A batch holds no more, unless a single record does. */
  readonly maxBatchBytes: number;
};

/**
 * First in, first out. Its first batch is ripe when it is large, or its first record has waited for `lingerMs`, or nothing more will
 * come.
 */
export class RecordQueue {
  private records: QueuedRecord[] = [];
  private queuedBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  /** The first record has waited long enough. */
  private hasLingered = false;
  private closing = false;

  /** @param onRipe is called when lingering is over. */
  constructor(
    private readonly options: RecordQueueOptions,
    private readonly onRipe: () => void,
  ) {}

  get length(): number {
    return this.records.length;
  }

  push(queued: QueuedRecord): void {
    this.records.push(queued);
    this.queuedBytes += recordBytes(queued);
    if (this.records.length === 1) this.linger();
  }

  /** Puts records back in front, in their order: they were first, and have lingered. */
  putBack(batch: readonly QueuedRecord[]): void {
    this.records = [...batch, ...this.records];
    for (const queued of batch) this.queuedBytes += recordBytes(queued);
  }

  get isRipe(): boolean {
    if (this.records.length === 0) return false;
    const { lingerMs, eagerBatchBytes, maxBatchBytes } = this.options;
    if (this.closing || lingerMs === 0) return true;
    return this.hasLingered || this.queuedBytes >= Math.min(eagerBatchBytes, maxBatchBytes);
  }

  /** A batch of at most `maxRecords`; a record above the size limit is a batch of its own. Empty if the queue is. */
  takeBatch(maxRecords: number): QueuedRecord[] {
    let end = 0;
    let bytes = 0;
    for (const queued of this.records) {
      bytes += recordBytes(queued);
      if (end > 0 && (bytes > this.options.maxBatchBytes || end >= maxRecords)) break;
      end += 1;
    }
    return this.remove(end);
  }

  /** Takes out the records from the first on that the test is true for. */
  takeWhile(test: (queued: QueuedRecord) => boolean): QueuedRecord[] {
    const end = this.records.findIndex((queued) => !test(queued));
    return this.remove(end === -1 ? this.records.length : end);
  }

  first(): QueuedRecord | undefined {
    return this.records[0];
  }

  /** What is queued is ripe now, and what still comes will be at once. */
  close(): void {
    this.closing = true;
    clearTimeout(this.timer);
    this.onRipe();
  }

  private linger(): void {
    clearTimeout(this.timer);
    const first = this.records[0];
    if (first === undefined || this.options.lingerMs === 0 || this.closing) return;
    const leftMs = first.queuedAt + this.options.lingerMs - performance.now();
    // What has lingered already waits for its turn, not for a timer.
    this.hasLingered = leftMs <= 0;
    if (this.hasLingered) return;
    this.timer = setTimeout(() => {
      this.hasLingered = true;
      this.onRipe();
    }, leftMs);
  }

  private remove(count: number): QueuedRecord[] {
    const removed = count === this.records.length ? this.records : this.records.slice(0, count);
    this.records = count === this.records.length ? [] : this.records.slice(count);
    for (const queued of removed) this.queuedBytes -= recordBytes(queued);
    this.linger();
    return removed;
  }
}
