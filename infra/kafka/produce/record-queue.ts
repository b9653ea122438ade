import type { Cancel, Clock } from '../../async/clock.js';
import type { BatchRecord } from '../protocol/records/record-batch.js';
import type { QueuedRecord } from './queued-record.js';

/** Estimate of framing, key and headers of a record in a batch. */
const OVERHEAD_BYTES = 300;

function recordBytes({ value }: BatchRecord): number {
  return (value?.length ?? 0) + OVERHEAD_BYTES;
}

export type RecordQueueOptions = {
  readonly lingerMs: number;
  /** A batch of this size does not linger. */
  readonly eagerBatchBytes: number;
  /** Size limit of a batch with more than one record. */
  readonly maxBatchBytes: number;
  readonly clock: Clock;
};

/**
 * First in, first out. Its first batch is due when it is large enough, or its first record has waited for `lingerMs`, or the queue is
 * closed.
 */
export class RecordQueue {
  private records: QueuedRecord[] = [];
  private queuedBytes = 0;
  private cancelLinger: Cancel = () => undefined;
  /** The first record has waited for `lingerMs`. */
  private hasLingered = false;
  private isClosed = false;

  /** @param onDue called when lingering ends. */
  constructor(
    private readonly options: RecordQueueOptions,
    private readonly onDue: () => void,
  ) {}

  get length(): number {
    return this.records.length;
  }

  push(queued: QueuedRecord): void {
    this.records.push(queued);
    this.queuedBytes += recordBytes(queued);
    if (this.records.length === 1) this.linger();
  }

  /** Returns records to the front, in their order. They have lingered already. */
  putBack(batch: readonly QueuedRecord[]): void {
    this.records = [...batch, ...this.records];
    for (const queued of batch) this.queuedBytes += recordBytes(queued);
    if (batch.length === 0) return;
    this.cancelLinger();
    this.hasLingered = true;
  }

  get isDue(): boolean {
    if (this.records.length === 0) return false;
    const { lingerMs, eagerBatchBytes, maxBatchBytes } = this.options;
    if (this.isClosed || lingerMs === 0) return true;
    return this.hasLingered || this.queuedBytes >= Math.min(eagerBatchBytes, maxBatchBytes);
  }

  /** Removes a batch of at most `maxRecords`. A record above the size limit is a batch of its own. Empty if the queue is. */
  dequeueBatch(maxRecords: number): QueuedRecord[] {
    let end = 0;
    let bytes = 0;
    for (const queued of this.records) {
      bytes += recordBytes(queued);
      if (end > 0 && (bytes > this.options.maxBatchBytes || end >= maxRecords)) break;
      end += 1;
    }
    return this.remove(end);
  }

  /** The records at the front for which the test is true. */
  firstWhile(test: (queued: QueuedRecord) => boolean): QueuedRecord[] {
    const end = this.records.findIndex((queued) => !test(queued));
    return this.records.slice(0, end === -1 ? this.records.length : end);
  }

  /** Removes records from the front as long as the test is true for them. */
  dequeueWhile(test: (queued: QueuedRecord) => boolean): QueuedRecord[] {
    return this.remove(this.firstWhile(test).length);
  }

  /** Removes the records for which the test is true. */
  extract(test: (queued: QueuedRecord) => boolean): QueuedRecord[] {
    const extracted = this.records.filter(test);
    if (extracted.length === 0) return extracted;
    this.records = this.records.filter((queued) => !test(queued));
    for (const queued of extracted) this.queuedBytes -= recordBytes(queued);
    this.linger();
    return extracted;
  }

  first(): QueuedRecord | undefined {
    return this.records[0];
  }

  /** Makes everything due that is queued now or later. */
  close(): void {
    this.isClosed = true;
    this.cancelLinger();
    this.onDue();
  }

  private linger(): void {
    this.cancelLinger();
    const first = this.records[0];
    if (first === undefined || this.options.lingerMs === 0 || this.isClosed) return;
    const { lingerMs, clock } = this.options;
    const leftMs = first.queuedAt + lingerMs - clock.monotonic();
    // A record that has lingered already waits for a free request, not for a timer.
    this.hasLingered = leftMs <= 0;
    if (this.hasLingered) return;
    this.cancelLinger = clock.after(leftMs, () => {
      this.hasLingered = true;
      this.onDue();
    });
  }

  private remove(count: number): QueuedRecord[] {
    const removed = count === this.records.length ? this.records : this.records.slice(0, count);
    this.records = count === this.records.length ? [] : this.records.slice(count);
    for (const queued of removed) this.queuedBytes -= recordBytes(queued);
    this.linger();
    return removed;
  }
}
